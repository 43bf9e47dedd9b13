# %% [markdown]
# # 2 · Backward-SGD
#
# **One list of batches and one learning rate give two learning curves below: one shakes for ever, the
# other settles.** The checkpoint you keep is one point of a shaking curve, so it matters what the
# shaking is and whether calm means better. At the end you can tell the two apart in any training plot,
# and know what removes the shaking, what removes the error, and what each costs.
#
# *Paper:* Dherin et al., arXiv [2502.01557](https://arxiv.org/abs/2502.01557) · *Time:* about three
# hours with exercises · *Needs:* chapter 1

# %% tags=["parameters"]
profile = "quick"  # "quick" or "full"
seed = 0
device = "auto"
dataset = "auto"  # "digits", "mnist", or "auto": MNIST in the full profile if at hand
record = ""  # a file to keep the network experiment in: see "At full scale"

# %% tags=["setup"]
from copy import deepcopy
from functools import partial
from io import BytesIO
from itertools import islice
from time import perf_counter

import torch
from torch.nn.functional import cross_entropy
from torch.optim.swa_utils import update_bn
from torch.utils.data import DataLoader

from bsgd_edu import datasets, dynamics, nets, optim, rules
from bsgd_edu.course import begin
from bsgd_edu.course.claims.records import load_result, save_result
from bsgd_edu.estimates import mean_and_stderr
from bsgd_edu.maps import AffineMap, backward_orbit, forward_orbit, windowed_orbit
from bsgd_edu.training import train

lesson = begin("02_backward_sgd", profile=profile, seed=seed, device=device)
pages, full = lesson.pages, lesson.full
if dataset == "auto":
    dataset = "mnist" if full and datasets.available("mnist") else "digits"
hidden, runs = {"digits": (32, 48), "mnist": (128, 24) if full else (32, 12)}[dataset]
print(f"The network learns {dataset}.")
images, labels = datasets.load(dataset).tensors(lesson.device)
unseen = datasets.load(dataset, split="test")
test_set = unseen.tensors(lesson.device, None if full else 1000)

# %% [markdown]
# Look at the last hundred batches. Both curves belong to one small network, trained for a while and
# then shown 300 more batches of 16 images at a constant learning rate.

# %%
net = nets.MLP([images.shape[1], hidden, 10], weight_decay=1e-3)
plain_net = nets.MLP(net.widths)  # the same without decay, for test losses
draw = partial(datasets.draw_batches, len(images))

warm_up = draw(1000, 64, generator=lesson.stream("warm", device="cpu"))
warm_up_steps = rules.sgd_maps(net, images, labels, warm_up, lr=0.2)
start = net.init(lesson.stream("init", device="cpu")).to(lesson.device)
anchor = forward_orbit(warm_up_steps, start, at=[1000]).expand(runs, -1)
lists = draw(300, 16, generator=lesson.stream("lists", device="cpu"), runs=(runs,))

all_steps = rules.sgd_maps(net, images, labels, lists, lr=0.2)  # for all runs: later
one_list = rules.sgd_maps(net, images, labels, lists[:, :1], lr=0.2)
curves = {}
for name, orbit in {"forward": forward_orbit, "backward": backward_orbit}.items():
    points = orbit(one_list, anchor[:1], at=range(0, 301, 3))
    curves[name] = plain_net.loss(points, *test_set)[:, 0].cpu()
pages.show_hook(range(0, 301, 3), curves)

# %% [markdown]
# Nothing was averaged, and no batch was left out. The only difference is where each new step was put:
# after all the old ones, or before them.
#
# ## Predict
#
# Write $T_i$ for the step on batch $i$: it takes parameters and returns the parameters after that
# step. **Forward-SGD** puts the newest step *outside*: $x_n=T_n(x_{n-1})$, so $T_n$ acts last.
# **Backward-SGD** puts it *inside*: $y_n=T_1(T_2(\dots T_n(x_0)))$. There $T_n$ meets the start
# $x_0$ first, and $T_1$ always acts last. Every $y_n$ therefore replays all $n$ batches.
#
# Now many runs draw a fresh list of batches each, and train in both orders. At the end, which order has
# the lower test loss *in the mean over runs*, and which shakes more *within a run*?

# %% [markdown] tags=["predict"]
# Your guess comes into the next cell; a picture answers it later.

# %% tags=["nbval-check-output"]
lesson.guess("")

# %% [markdown]
# ## By hand
#
# The smallest step there is: on the line, with loss $\tfrac12(x-a_i)^2$ and learning rate
# $\eta=\tfrac12$, a gradient step goes half of the way to $a_i$:
#
# $$T_i(x)=x-\tfrac12(x-a_i)=\tfrac12(x+a_i).$$
#
# Take $x_0=8$ and $a_1,\dots,a_4=1,0,-1,2$. Forward gives $4.5,\ 2.25,\ 0.625,\ 1.3125$. Backward gives
# $y_1=4.5$, $y_2=T_1(T_2(8))=T_1(4)=2.5$ and $y_3=1.375$.

# %% [markdown] tags=["exercise:02.1"]
# ### Exercise 02.1 · Four halving maps
#
# Compute $y_4$ with a pencil and set `y_4`. (`lesson.hint(1, 1)` to `lesson.hint(1, 3)` help,
# `lesson.reveal(1)` shows the solution; so for every exercise.)

# %% tags=["answer:02.1"]
y_4 = ...  # SOLUTION

# %% tags=["check:02.1"]
lesson.check(1, y_4)

# %% [markdown]
# What did the newest map change? It moved the point that the other three see from $8$ to $5$. Three
# halvings shrank that change of $3$ to $\tfrac38$, the distance from $y_3$ to $y_4$. What will the
# thirtieth map still change?
#
# Two steps in two orders end at two places. How far apart? Write $g_i(\theta)$, or only $g_i$, for the
# gradient of batch $i$ at parameters $\theta$, and $H_i$ for its matrix of second derivatives there.
# Step 1 and then step 2:
#
# $$T_2(T_1(\theta))=\theta-\eta g_1-\eta\,g_2(\theta-\eta g_1)\qquad\text{(the second gradient is taken after the first step)}$$
#
# $$=\theta-\eta g_1-\eta g_2+\eta^2H_2g_1+O(\eta^3)\qquad\text{(moving by }-\eta g_1\text{ changes }g_2\text{ by }-\eta H_2g_1)$$
#
# $$T_2(T_1(\theta))-T_1(T_2(\theta))=\eta^2(H_2g_1-H_1g_2)+O(\eta^3)\qquad\text{(exchange 1 and 2, subtract)}$$
#
# The bracket on the right is the **Lie bracket** of the two gradient fields. Try it on samples
# $s_1=(2,0)$, $s_2=(1,2)$ with loss $\log(1+e^{-s_i\cdot\theta})$. At $\theta=0$ every sigmoid is
# $\tfrac12$, so $g_i=-\tfrac12s_i$ and $H_i=\tfrac14s_is_i^\top$, and the bracket is
# $H_2g_1-H_1g_2=\tfrac18(s_1\!\cdot s_2)(s_1-s_2)=(\tfrac14,-\tfrac12)$.
#
# Look in A for your four numbers and how they go on, in B for the black segment: it points along the
# bracket, and is somewhat shorter than $\eta^2$ brackets: at $\eta=1.6$ the $O(\eta^3)$ shows.

# %%
noise = torch.randn(26, generator=lesson.stream("line", device="cpu"))
a = torch.cat([torch.tensor([1.0, 0.0, -1.0, 2.0]), noise]).double()
halves = [lambda x, a_i=a_i: (x + a_i) / 2 for a_i in a]
eight = torch.tensor([8.0], dtype=torch.float64)
x, y = forward_orbit(halves, eight)[:, 0], backward_orbit(halves, eight)[:, 0]

samples = torch.tensor([[2.0, 0.0], [1.0, 2.0], [-1.0, 1.0]], dtype=torch.float64)
gradients = [
    lambda theta, s=s: -torch.sigmoid(-(theta * s).sum(-1, keepdim=True)) * s
    for s in samples
]
zero = torch.zeros(2, dtype=torch.float64)
step_1, step_2 = (rules.sgd_map(gradient, lr=1.6) for gradient in gradients[:2])
one_then_two = [step_1(zero), step_2(step_1(zero))]
two_then_one = [step_2(zero), step_1(step_2(zero))]
pages.show_orders(x, y, zero, one_then_two, two_then_one)

# %% [markdown]
# So backward settles, although it gets the same random numbers $a_i$; where it settles depends on the
# list. And order is an effect of size $\eta^2$: small for one pair, but a run has thousands of pairs.
#
# Two tests of the formula, at another point (symmetry makes $0$ special) and with a third sample. Going
# from forward to backward exchanges every pair, so to order $\eta^2$ the ends differ by the sum of all
# brackets. First, halve $\eta$: what this sum leaves unexplained must fall by the factor $2^3$. Second,
# take the *average* of the two ends. Each bracket enters them with opposite signs and cancels. So if
# the list is rotated, the average may change by $O(\eta^3)$ only.

# %%
bracket_of = dynamics.contraction.order_difference
hand = torch.tensor([0.25, -0.5]).double()
lesson.claim("backward-sgd/bracket-by-hand").agrees(
    bracket_of(gradients[:2], zero, 1.0), hand, atol=1e-12, against=[-0.25, -0.5]
)
left_over, averages, point = [], [], torch.tensor([0.5, -1.0]).double()
for lr in (0.02, 0.01):
    maps = [rules.sgd_map(gradient, lr) for gradient in gradients]
    gap = forward_orbit(maps, point)[-1] - backward_orbit(maps, point)[-1]
    left_over.append((gap - bracket_of(gradients, point, lr)).norm())
    rotated = rules.palindromic_average(maps[1:] + maps[:1], point)
    averages.append((rules.palindromic_average(maps, point) - rotated).norm())
slope, flat = (torch.log2(sizes[0] / sizes[1]) for sizes in (left_over, averages))
lesson.claim("backward-sgd/bracket-order").agrees(slope, 3.0, atol=0.06, against=2.0)
lesson.claim("backward-sgd/palindrome-order").agrees(flat, 3.0, atol=0.06, against=2.0)

# %% [markdown]
# ## Build
#
# Now the experiment itself. You need a list of maps, a start, and the definition
# $y_n=T_1(T_2(\dots T_n(x_0)))$.

# %% [markdown] tags=["exercise:02.2"]
# ### Exercise 02.2 · Two loops
#
# Write `backward(maps, x0)`: a list of $N$ callables `(d,) -> (d,)` and a start `(d,)`. Return
# $y_0,\dots,y_N$ as `(N + 1, d)`, with $y_0=x_0$. The four maps of 02.1 from `[8.]` must give
# 8, 4.5, 2.5, 1.375 and your `y_4`.


# %% tags=["answer:02.2"]
def backward(maps, x0):
    """Returns y_0 … y_N, each composed from x0 anew, (N + 1, d)."""
    # SOLUTION


# %% tags=["check:02.2"]
lesson.check(2, backward)

# %% [markdown]
# What does the curve cost? $y_n$ takes $n$ steps, and nothing of $y_{n-1}$ can be kept: the newest
# map changes what every other map sees. Count the steps of your function on 300 maps; the number to
# hit is $1+2+\dots+300=45{,}150$. (The lower half of the cell prepares the maps for what follows:
# gradient steps of **softmax regression**, a linear model with cross-entropy, on handwritten digits.)

# %%
two_loops = lesson.use(2, backward)
calls = []
counted = [lambda x: calls.append(1) or x / 2 for _ in range(300)]
two_loops(counted, eight)
print(f"{len(calls):,} calls of a map for a curve of {len(counted)} batches.")

digits, digits_test = datasets.load("digits"), datasets.load("digits", split="test")
inputs, targets = digits.inputs.double(), digits.targets
model = nets.LogisticRegression(64, 10, weight_decay=0.2)
stream = lesson.stream("list", device="cpu")
batches = datasets.draw_batches(len(digits), 300, 8, generator=stream)
maps = rules.sgd_maps(model, inputs, targets, batches, lr=0.15)
starts = model.init(lesson.stream(device="cpu"), replicas=(2,)).double()
starts[1] *= 40  # far away: for later

# %% [markdown]
# The number of gradients cannot be helped, but 45,150 *calls* can. Keep a stack of points whose row $n$
# shall become $y_n$, and start all rows at $x_0$. One call of $T_k$ can move many rows at once. Which
# rows need $T_k$ at all? And which map must be called first?

# %% [markdown] tags=["exercise:02.3"]
# ### Exercise 02.3 · One loop, many rows
#
# Write `backward_rows(maps, x0, at)`: the same orbit for the $n$ in the list `at` only. Here a map
# takes a whole stack `(rows, ..., d)`, and `x0` is `(..., d)`; return `(len(at), ..., d)`. The four maps
# from `[8.]` at `[4, 0, 2]` give your `y_4`, 8, 2.5. Most backward curves below run through it.


# %% tags=["answer:02.3"]
def backward_rows(maps, x0, at):
    """Returns y_n for each n in at, (len(at), ..., d): one walk with a row for each."""
    # SOLUTION


# %% tags=["check:02.3"]
lesson.check(3, backward_rows)

# %% [markdown]
# Two functions written differently should agree to round-off, and the second should be faster. Time
# both on the softmax steps. Look for the slopes: how does the time grow when $N$ doubles?

# %%
one_loop = lesson.use(3, backward_rows)
ways = (two_loops, lambda m, x: one_loop(m, x, range(len(m) + 1)), backward_orbit)
seconds = {"two loops (02.2)": [], "one loop on rows (02.3)": [], "the library": []}
sizes = (15, 30, 60, 120)
one_loop(maps[:2], starts[0], range(3))  # a first call is slower than others
for N in sizes:
    orbits = []
    for times, way in zip(seconds.values(), ways, strict=True):
        began = perf_counter()
        orbits.append(way(maps[:N], starts[0]))
        times.append(perf_counter() - began)
pages.show_timings(sizes, seconds)
lesson.claim("backward-sgd/rows-equal-loops").agrees(
    orbits[1], orbits[0], atol=1e-12, against=forward_orbit(maps[:N], starts[0])
)

# %% [markdown]
# So your first function spends its time mostly on calls. The one loop makes only $N$ of them. Each call
# moves more rows as $N$ grows, so its time must steepen later. The library's `backward_orbit` is your
# loop with care for memory. (Times vary from computer to computer; nothing below depends on them.)
#
# ## Theory
#
# **Why backward settles.** Assume that every batch loss is curved at every point in every direction:
# the eigenvalues of each $H_i(\theta)$ lie in $[m,L]$ with $m>0$. And assume $0<\eta<2/L$.
#
# > **New words.** A map is a *contraction* if it multiplies the distance of any two points by $c<1$ at
# > most. $T_1\cdots T_n$ means: first $T_n$, last $T_1$, as in $y_n$. $M=\max_i\|T_i(x_0)-x_0\|$ is the
# > longest first step any batch makes. $I$ is the identity matrix.
#
# $$\|T_i(\theta)-T_i(\theta')\|\le c\,\|\theta-\theta'\|,\quad c=\max(|1-\eta m|,|1-\eta L|)<1\qquad\text{(the derivative }I-\eta H_i\text{ has eigenvalues from }1-\eta L\text{ to }1-\eta m\text{; integrate it from }\theta'\text{ to }\theta)$$
#
# $$y_{n+1}=T_1\cdots T_n(T_{n+1}(x_0)),\quad y_n=T_1\cdots T_n(x_0)\qquad\text{(the same }n\text{ maps, two starts)}$$
#
# $$\|y_{n+1}-y_n\|\le c^n\|T_{n+1}(x_0)-x_0\|\le c^nM\qquad\text{(the first line, }n\text{ times)}$$
#
# $$\|y_n-y_\infty\|\le\sum_{k\ge n}c^kM=\frac{c^nM}{1-c}\qquad\text{(add up all steps still to come)}$$
#
# The sum is finite, so the limit $y_\infty$ exists, for *every* list. Two different starts approach
# each other like $c^n$ in the same way: the limit does not remember $x_0$. Forward forgets $x_0$ too,
# but its newest map acts last and at full strength. Unless all batches share a minimiser, it never
# stops moving.
#
# **Why it is not better.** Nothing was un-trained, no noise removed. The noise was frozen, because
# all $y_n$ end with the same batches $\dots,T_2,T_1$.
#
# > **New words.** The *law* of a random point is the list of all its probabilities: equal laws mean
# > that no average can tell two random points apart.
#
# $$y_n=\text{the forward end on the list }T_n,\dots,T_1\qquad\text{(read the definition aloud)}$$
#
# $$(T_1,\dots,T_n)\ \text{and}\ (T_n,\dots,T_1)\ \text{are equally likely}\qquad\text{(independent draws from one pool)}$$
#
# $$\text{law}(x_n)=\text{law}(y_n),\ \text{so}\ \mathbb E f(x_n)=\mathbb E f(y_n)\ \text{for every }f\qquad\text{(for example }f=\text{test loss)}$$
#
# No contraction was used. **At a constant learning rate and over fresh lists there is no gap in the
# mean**: at no step, for no network. (A shuffled epoch and its reverse are equally likely, too. A
# schedule breaks the second line, since rates have an order of their own.)
#
# **What may differ.** Equal laws speak about one $n$ at a time, not about neighbours on a curve.
# There $y_n$ and $y_{n+1}$ end with the same batches, while $x_n$ and $x_{n+1}$ do not. Call **jitter**
# the standard deviation of one run's curve about a straight line through it, over its last steps.
#
# **Where the theorem is silent.** A network has directions in which the loss is flat or curved
# downwards, so $m\le0$. In them nothing contracts, and the theorem promises nothing.
#
# | symbol | in code |
# |---|---|
# | $T_i$, a list of them | `rules.sgd_map(grad, lr)`, `rules.sgd_maps(net, inputs, targets, batches, lr)` |
# | $x_n$; $y_n$ | `forward_orbit(maps, x0)`; `one_loop(maps, x0, at)` |
# | $m,L$; $c$; the bound | `softmax_hessian_range`; `gradient_step_factor`; `backward_error_bound`, in `dynamics.contraction` |
# | jitter | `dynamics.jitter.sequential_jitter(values, degree=1)` |
#
# ## Test: where the theorem applies
#
# Softmax regression has a convex loss, and weight decay adds its own strength to every eigenvalue: so
# $m>0$. The cell takes your orbit of the 300 batches, from a near and a far start, and compares
# $\|y_n-y_\infty\|$ with its bound. (We cannot have $y_\infty$; $y_{300}$ stands for it, which bends the
# curves down at their end.)

# %%
x = forward_orbit(maps, starts)  # x_0 … x_300 from both starts: (301, 2, parameters)
y = one_loop(maps, starts, range(301))
H_range = dynamics.contraction.softmax_hessian_range(inputs[batches], weight_decay=0.2)
c = dynamics.contraction.gradient_step_factor(
    lr=0.15, smallest=H_range[0], largest=H_range[1]
)
M = max((step(starts) - starts).norm(dim=-1).max().item() for step in maps)
bound = dynamics.contraction.backward_error_bound(c, M, torch.arange(280.0))
to_limit = (y[:280] - y[300]).norm(dim=-1)  # ‖y_n − y_∞‖: (280, 2)
moves = x[:, 0].diff(dim=0).norm(dim=-1)  # ‖x_{n+1} − x_n‖ from the near start

# %% [markdown]
# **Manufacturing a gap.** Before you see it, a temptation. To compare test losses fairly, somebody
# fixes one list of batches and runs it from many random starts, forward and backward. Do that for
# eight lists, 24 starts each. And do it once more with 400 runs that draw a *fresh* list each. Look in A
# for parallel lines; in B for the size of the error bars, and at the lowest row.

# %%
plain = nets.LogisticRegression(64, 10)  # without decay, for test losses
held_out = digits_test.inputs.double(), digits_test.targets
gaps = {}  # name: forward minus backward test loss at n = 200
for name, drawn, begun in (("fixed", (8, 1), (8, 24)), ("fresh", (400,), (400,))):
    stream = lesson.stream(*drawn, device="cpu")
    list_of = datasets.draw_batches(len(digits), 200, 8, generator=stream, runs=drawn)
    steps = rules.sgd_maps(model, inputs, targets, list_of, lr=0.15)
    theta = model.init(lesson.stream("starts", device="cpu"), replicas=begun).double()
    ends = forward_orbit(steps, theta, at=[200])[0], one_loop(steps, theta, [200])[0]
    forward_loss, backward_loss = (plain.loss(end, *held_out) for end in ends)
    gaps[name] = mean_and_stderr(forward_loss - backward_loss)
pages.show_lists(bound, to_limit, moves, gaps["fixed"], gaps["fresh"])

# %%
share_of_bound = (to_limit / bound[:, None]).max()
lesson.claim("backward-sgd/contraction-bound").holds(share_of_bound, below=1)
start_left = (y[300, 0] - y[300, 1]).norm() / (starts[0] - starts[1]).norm()
lesson.claim("backward-sgd/start-forgotten").holds(start_left / c**300, below=1)
moves_left = moves[-1] / (y[300] - y[299]).norm()
lesson.claim("backward-sgd/forward-keeps-moving").holds(moves_left, above=100)

gap_in_errors = gaps["fixed"].mean.abs() / gaps["fixed"].stderr
p_values = torch.erfc(gap_in_errors / 2**0.5)  # two-sided, if the gaps were Gaussian
print(f"p < 1e-9 for {int((p_values < 1e-9).sum())} of the 8 fixed lists.")
lesson.claim("backward-sgd/fixed-list-gap").holds(gap_in_errors.median(), above=100)
as_on_a_list = gaps["fixed"].mean.abs().median()
lesson.claim("backward-sgd/no-gap-convex").agrees(
    gaps["fresh"], 0.0, against=as_on_a_list
)

# %% [markdown]
# So backward closes in on a point, below the bound, while forward keeps jumping. And each fixed list
# makes a discovery, at $p<10^{-9}$: some of one sign, some of the other. Contraction has erased the
# starts: 24 runs are one run, 24 times. The difference is real, but between two *lists*, one the
# other's reverse. Over fresh lists no gap is seen.

# %% [markdown] tags=["exercise:02.4"]
# ### Exercise 02.4 · Referee report
#
# A manuscript trains 1000 random starts with one fixed list of batches, forward and backward, finds
# backward better with $p<10^{-9}$, shows a beautifully smooth curve, and concludes that backward-SGD
# generalises better. Write the report on both findings, the $p$-value and the curve: what did they
# measure, what should they run, against which rivals, at what cost, and what would you expect? About
# fifteen lines; then `lesson.reveal(4)` shows what to tick.

# %% [markdown] tags=["answer:02.4"] points=4
# SOLUTION

# %% [markdown]
# ## Test: a network
#
# Back to the network of the first picture, where the theorem is silent: 300 batches of 16, a fresh
# list for each run. Two relatives of backward join in. **Windowed** keeps only the first $w$ batches
# inside, $u_n=T_1\cdots T_w(z_n)$, where $z_n$ is the forward iterate on the batches after $w$.
# **Block** goes backward within each block of $w$ batches, and starts the next block where the last one
# ended. Here $w=100$ for windowed and $50$ for block. Look in A at the shaking, in B at the two axes
# separately.

# %%
at = range(240, 301, 1 if full else 4)
orders = {
    "forward": forward_orbit,
    "backward": one_loop,
    "windowed": partial(windowed_orbit, window=100),
    "block": partial(rules.block_backward_orbit, block=50),
}
observe = {"loss": lambda p: plain_net.loss(p, *test_set), "point": lambda p: p}
follow = partial(train, all_steps, anchor, observe=observe, at=at)
seen = {name: follow(orbit=orbit) for name, orbit in orders.items()}
losses = {name: one["loss"].cpu() for name, one in seen.items()}  # (times, runs)
jitter_of = partial(dynamics.jitter.sequential_jitter, degree=1)  # one number a run
jitter = {name: jitter_of(loss).mean() for name, loss in losses.items()}
mean_loss = {name: mean_and_stderr(loss.mean(dim=0)) for name, loss in losses.items()}
pages.show_network(at, losses, jitter, mean_loss)

# %%
lesson.answer_guess()
ratio = {name: jitter[name] / jitter["forward"] for name in jitter}
lesson.claim("backward-sgd/smoother").holds(ratio["backward"], below=0.25)
lesson.claim("backward-sgd/window-jitter").holds(ratio["windowed"], below=0.25)
moved = {k: seen[k]["point"].diff(dim=0).norm(dim=-1).mean().cpu() for k in ratio}
drift = moved["backward"] / moved["forward"] / ratio["backward"]
lesson.claim("backward-sgd/loss-without-point").holds(drift, above=5)
gain = mean_and_stderr((losses["forward"] - losses["backward"]).mean(dim=0))
best = (losses["forward"] - losses["forward"].min(dim=0).values).mean()
lesson.claim("backward-sgd/no-gap-network").agrees(gain, 0.0, against=best)
why = "over fresh lists the means are equal within their errors, as equal laws demand"
lesson.claim("backward-sgd/faster").not_reproduced(gain, why=why)
spread = (losses["backward"][-1].std() / losses["forward"][-1].std()).log()
error, frozen = 2 / (runs - 1) ** 0.5, lesson.claim("backward-sgd/noise-is-frozen")
frozen.agrees(spread, 0.0, stderr=error, against=ratio["backward"].log())

# %% [markdown]
# So, on digits, backward's and windowed's jitter is less than a tenth of forward's; block lies between.
# The means agree within their errors, as they must. And the noise is still there: over lists, backward
# ends scatter as widely as forward ends. (Backward's bar is longer: a settled curve repeats one draw
# again and again, a shaking one averages over its own noise.) The paper reports "smoother", which we see,
# and "faster", which we do not see in the mean over lists.
#
# A finding on the side: the backward *loss* stands still although the backward *parameters* keep moving,
# by lengths like a forward step's. So they drift in directions that the loss hardly feels.
#
# ## Test: in an ordinary loop
#
# `optim.BackwardSGD` is a torch optimizer. Because it replays old batches, `step` takes a closure *of a
# batch*, and the batch. `WindowedBackwardSGD` replays only the first $w$ batches, its *head*; $w=0$ is
# plain SGD. The network is a small residual one with **batch normalisation**: each layer subtracts the
# batch's mean and divides by its spread. For use at test time it also keeps *running statistics*:
# averages of both over roughly the last ten batches it saw.
#
# Running statistics are state outside the parameters, and replay writes into them. After a backward
# step the last ten batches seen are always those of $T_{10},\dots,T_1$. Torch's `update_bn` computes the
# statistics anew, over the training images. Compare A and B curve by curve. (One list, one start: this
# picture can say how curves shake, not which is better.)

# %%
loop_data = "cifar10" if full and datasets.available("cifar10") else "digits"
train_set = lesson.residual.images(loop_data, "train", 5000)
unseen_images = lesson.residual.images(loop_data, "test", 1000)
torch.manual_seed(seed)
model = lesson.residual.residual_network(train_set[0][0].shape[0])
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
shuffled = lesson.stream("loader", device="cpu")
loader = DataLoader(train_set, batch_size=8, shuffle=True, generator=shuffled)


def closure(batch):
    """Sets the gradients of a batch's loss, as any loop does."""
    optimizer.zero_grad()
    loss = cross_entropy(model(batch[0]), batch[1])
    loss.backward()
    return loss


for batch in [*loader, *loader]:  # two epochs with torch's own SGD
    closure(batch)
    optimizer.step()
warm, batches = deepcopy(model), list(islice(loader, 40))
kinds = {
    "forward": partial(optim.WindowedBackwardSGD, window=0),
    "windowed, w = 10": partial(optim.WindowedBackwardSGD, window=10),
    "backward": optim.BackwardSGD,
}
test_loss = partial(lesson.residual.test_loss, images=unseen_images)

# %%
running, renewed = ({name: [] for name in kinds} for _ in range(2))
for name, kind in kinds.items():
    model = deepcopy(warm)
    optimizer = kind(model.parameters(), lr=0.1)
    for n, batch in enumerate(batches, 1):
        optimizer.step(closure, batch)
        if n > 20:
            anew = deepcopy(model)
            update_bn(DataLoader(train_set, batch_size=500), anew)
            running[name].append(test_loss(model))
            renewed[name].append(test_loss(anew))
    count = model[1].num_batches_tracked - warm[1].num_batches_tracked
    print(f"{name}: {count} batches went through the running statistics.")
pages.show_loop(range(21, 41), running, renewed)

# %% [markdown]
# So even here backward shakes least. Windowed lies between, for $w=10$ is a short head. Renewed
# statistics change the levels and some of the shaking. What is certain is the count printed above:
# backward sent 820 batches through the statistics where forward sent 40. Call `update_bn` before you
# judge any composed or averaged network.
#
# **Checkpoint and resume.** The optimizer's `state_dict` holds the start and all kept batches, each with
# the learning rate that a scheduler gave it. Replay uses that rate again, so a warm-up, which comes first
# in time, becomes the *last* thing that happens to $y_n$. Stop after 8 of 16 batches, save, and go on
# with a new optimizer. The test: torch's own SGD on the list read backwards, each batch with its own
# rate, must end at the same parameters.

# %%
model = deepcopy(warm)
optimizer = optim.BackwardSGD(model.parameters(), lr=0.05)
ramp = partial(torch.optim.lr_scheduler.LinearLR, start_factor=0.2, total_iters=5)
schedule, rates, file = ramp(optimizer), [], BytesIO()
for n, batch in enumerate(batches[:16]):
    if n == 8:
        torch.save([part.state_dict() for part in (model, optimizer, schedule)], file)
        saved = iter(torch.load(BytesIO(file.getvalue())))
        optimizer = optim.BackwardSGD(model.parameters(), lr=0.05)
        schedule = ramp(optimizer)
        for part in (model, optimizer, schedule):
            part.load_state_dict(next(saved))
    rates.append(schedule.get_last_lr()[0])
    optimizer.step(closure, batch)
    schedule.step()

# %%
as_vector = torch.nn.utils.parameters_to_vector
resumed, ends = as_vector(model.parameters()).detach(), []
for order in (reversed(range(16)), range(16)):
    model = deepcopy(warm)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for k in order:
        optimizer.param_groups[0]["lr"] = rates[k]
        closure(batches[k])
        optimizer.step()
    ends.append(as_vector(model.parameters()).detach())
lesson.claim("backward-sgd/optimizer-read-backwards").agrees(
    resumed, ends[0], atol=1e-4, against=ends[1]
)

# %% [markdown]
# So the interrupted backward run is torch's own SGD on the list read backwards. A checkpoint of the
# model alone could not be resumed: it would lack the start and the batches. The price: step $n$ takes
# $n$ gradients and keeps $n$ batches; windowed takes $w+1$ and keeps $w$.
#
# ## Test: a league at equal compute
#
# A backward *curve* costs $N(N+1)/2$ gradients. What else could they buy? A small network learns a wave
# in the plane from 512 noisy points. Then 300 more batches of 8 come, in 48 fresh lists. *Big
# batch* spends backward's gradients on forward steps with 150 times the batch (12 lists are enough:
# they hardly differ). *Decay* lowers $\eta$ linearly to zero. *EMA* and *Polyak* average the forward
# iterates: EMA gives the point of $k$ steps ago a weight like $0.95^k$, Polyak weighs all alike. Look for
# two groups in A. In B, compare each jitter with its price, the number in brackets.

# %%
tiny = nets.MLP([2, 16, 16, 1], "tanh", weight_decay=1e-3, loss="mse")
wave = datasets.wave_regression  # sin πx₁ cos πx₂
noisy = wave(512, noise_std=0.1, generator=lesson.stream("wave", device="cpu"))
clean = wave(1000, noise_std=0.0, generator=lesson.stream("unseen", device="cpu"))
draw = partial(datasets.draw_batches, 512)
warm_up = draw(3000, 32, generator=lesson.stream("tiny", device="cpu"))
warm_up_steps = rules.sgd_maps(tiny, *noisy, warm_up, lr=0.1)
start = tiny.init(lesson.stream("tiny", device="cpu"))
tiny_anchor = forward_orbit(warm_up_steps, start, at=[3000]).expand(48, -1)
small = draw(300, 8, generator=lesson.stream("small", device="cpu"), runs=(48,))
large = draw(300, 8 * 150, generator=lesson.stream("large", device="cpu"), runs=(12,))
small_steps = rules.sgd_maps(tiny, *noisy, small, lr=0.1)
large_steps = rules.sgd_maps(tiny, *noisy, large, lr=0.1)
falling = [0.1 * (1 - n / 300) for n in range(300)]
decaying_steps = rules.sgd_maps(tiny, *noisy, small, lr=falling)

# %%
league = {  # method: (gradients for a point of its curve, maps, how they are composed)
    "forward": (1, small_steps, forward_orbit),
    "block, w = 50": (25, small_steps, orders["block"]),
    "windowed, w = 100": (101, small_steps, orders["windowed"]),
    "backward": (150, small_steps, one_loop),
    "big batch": (150, large_steps, forward_orbit),
    "lr decay": (1, decaying_steps, forward_orbit),
    "EMA, 0.95": (1, small_steps, partial(rules.ema_orbit, decay=0.95)),
    "Polyak": (1, small_steps, rules.polyak_orbit),
}
plain_tiny = nets.MLP(tiny.widths, "tanh", loss="mse")  # without decay
costs, shaking, error, run_means = {}, {}, {}, {}
for name, (cost, maps, orbit) in league.items():
    begun = tiny_anchor[:12] if maps is large_steps else tiny_anchor
    errors = plain_tiny.loss(orbit(maps, begun, at=at), *clean)  # (times, runs)
    shaking[name] = mean_and_stderr(jitter_of(errors))
    run_means[name] = errors.mean(dim=0)
    error[name], costs[name] = mean_and_stderr(run_means[name]), cost
pages.show_league(costs, error, shaking)
over_polyak = mean_and_stderr(run_means["backward"] - run_means["Polyak"])
over_big = mean_and_stderr(run_means["backward"] - run_means["big batch"].mean())
lesson.claim("backward-sgd/averaging-lowers-loss").holds(over_polyak, above=0)
lesson.claim("backward-sgd/equal-compute").holds(over_big, above=0)

# %% [markdown]
# So every *order* of constant steps has forward's error, within the bars. Everything that averages,
# over points, over a batch, or by shrinking steps, lies far lower, and three of these cost one gradient
# a point. Backward removes jitter. Averaging removes jitter and *excess error*, the part that noise adds.
#
# ## Explore
#
# *Shared endings:* pin the last $K$ batches of eighty runs. How fast do the ends agree, and on what?
# *Stability map:* three boundaries for linear regression, where Lip is the largest factor by which a
# step stretches distances. Visit the strip between "variance is finite" and "paths converge".

# %% tags=["nbval-ignore-output"]
lesson.explore.chapter().show()

# %% [markdown]
# The ends agree on a backward limit, seen from the other side. By equal laws such a point is on average
# no nearer to the minimiser than one run's end; this one may be. In the strip of the map,
# backward paths settle while forward paths burst. The next section says how that can be.
#
# ## Break
#
# **Contraction in one step: momentum.** Heavy ball moves position and velocity together,
# $v\leftarrow\beta v+g$ and $\theta\leftarrow\theta-\eta v$. On a parabola with second derivative $h$
# the gradient is $h(\theta-a_i)$, and a step multiplies differences of $(\theta,v)$ by one matrix,
#
# $$A=\begin{pmatrix}1-\eta h&-\eta\beta\\h&\beta\end{pmatrix}\qquad\text{(insert the new }v\text{ into }\theta-\eta v)$$
#
# $$\det A=(1-\eta h)\beta+\eta\beta h=\beta\qquad\text{(the product of its eigenvalues)}$$
#
# $$|\lambda|=\sqrt\beta\qquad\text{(if the two eigenvalues are complex: they are conjugate)}$$
#
# The longest stretch of a vector by one step is the norm $\|A\|$. For the three curvatures below it
# exceeds 1: the first line of the theory fails. Yet their eigenvalues are complex, so $n$ steps, which
# multiply by $A^n$, stretch by about $\sqrt\beta^{\,n}$.

# %%
beta, lr = 0.81, 0.5
centres = torch.randn(200, generator=lesson.stream("momentum", device="cpu")).double()
begin_at = rules.momentum_state(torch.tensor([3.0]).double())
matrix = partial(dynamics.contraction.heavy_ball_matrix, lr=lr, momentum=beta)
distances, speeds, norms = {}, {}, {}
for h in (1.0, 3.0, 6.0):
    pulls = [lambda theta, a=a, h=h: h * (theta - a) for a in centres]  # gradients
    maps = [rules.momentum_map(pull, lr, momentum=beta) for pull in pulls]
    y = one_loop(maps, begin_at, range(201))
    distances[h] = (y[:140] - y[200]).norm(dim=-1)
    speeds[h] = (distances[h][110:130].max() / distances[h][10:30].max()) ** (1 / 100)
    norms[h] = torch.linalg.matrix_norm(matrix(h), 2)
lesson.claim("backward-sgd/momentum-rate").agrees(
    speeds, beta**0.5, rtol=0.02, against=beta
)

# %% [markdown]
# **A finite variance: heavy tails.** Regression on the line, one sample $s\sim N(0,1)$ a step: the
# distance to the truth $\theta^*$ is multiplied by $1-\eta s^2$, and label noise is added. The factor's
# mean square, $1-2\eta+3\eta^2$, exceeds 1 beyond $\eta=\tfrac23$, so no variance survives there. What
# decides about paths is the *average growth rate* $\gamma=\mathbb E\log|1-\eta s^2|$: by the law of large
# numbers a product of $n$ factors is about $e^{\gamma n}$. It stays negative up to $\eta=2.42$. (There
# the mean square gives $\tfrac12\log(1-2\eta+3\eta^2)=1.31$ in its place.) We take $\eta=1$.
#
# > **New words.** A law has a *power-law tail of index* $\alpha$ if values beyond $t$ have a share
# > proportional to $t^{-\alpha}$. With $\alpha\le2$ there is no variance. Kesten (1973) gives $\alpha$ by
# > $\mathbb E|1-\eta s^2|^\alpha=1$; at $\eta=1$ it is 1.091.
#
# Look in A for three wavy curves along one line, not along the dashed one. Look in B for a straight line
# far above the dashed curve of a Gaussian law.

# %%
count = 100_000 if full else 20_000  # lists of 200 samples
stream = lesson.stream("tails", device="cpu")
s, noise = torch.randn(2, 200, count, generator=stream, dtype=torch.float64)
maps = AffineMap((1 - s**2)[..., None, None], (s * noise)[..., None])  # η = 1
early, limit = backward_orbit(maps, 0 * maps.offset[0], at=[150, 200])[..., 0]
pages.show_broken(distances, beta, norms, limit, dynamics.tails.kesten_index(1.0))
lesson.claim("backward-sgd/momentum-norm").holds(norms, above=1)

growth = mean_and_stderr((1 - 2.42125 * s.flatten() ** 2).abs().log())
lesson.claim("backward-sgd/exponent-zero").agrees(growth, 0.0, against=1.31)
still_moving = ((early - limit).abs() > 1e-6).double().mean()
lesson.claim("backward-sgd/converges-without-variance").holds(still_moving, below=0.01)
tail_index = dynamics.tails.hill_index(limit, largest=count // 50)
lesson.claim("backward-sgd/kesten-index").agrees(
    tail_index, 1.091, stderr=1.091 / (count // 50) ** 0.5, atol=0.05, against=2.0
)

# %% [markdown]
# So neither a norm above 1 nor a missing variance stops a backward orbit: the growth of long *products*
# decides. A short run tells: follow two starts on one list. Does the *logarithm* of their distance fall
# in the mean?
#
# ## Your turn

# %% [markdown] tags=["exercise:02.5"]
# ### Exercise 02.5 · The price of looking
#
# A run has $N=1000$ batches; you look at $u_{100},u_{200},\dots,u_{1000}$ of the windowed orbit with
# $w=50$. One forward run serves all looks. How many gradients? Set `price`.

# %% tags=["answer:02.5"]
price = ...  # SOLUTION

# %% tags=["check:02.5"]
lesson.check(5, price)

# %% [markdown]
# See afterwards: all looks together cost a little over half of the forward run. And at every step?

# %% [markdown] tags=["exercise:02.6"]
# ### Exercise 02.6 · Where do paths stop converging?
#
# Linear regression in dimension $d=2$, one fresh Gaussian sample a step. Find the largest $\eta$ at
# which backward iterates still converge, within 5 %, and set `frontier`. Simulate, use the stability
# map, or find the function of `dynamics` that knows.

# %% tags=["answer:02.6"]
# BEGIN SOLUTION
low, high = 0.1, 2.0
while high - low > 1e-4:
    frontier = (low + high) / 2
    if dynamics.tails.regression_lyapunov_exponent(frontier, dim=2, batch=1) > 0:
        high = frontier  # paths grow
    else:
        low = frontier
# END SOLUTION

# %% tags=["check:02.6"]
lesson.check(6, frontier)

# %% [markdown]
# See afterwards: how far is your number above the mean-square limit, which is $2/(d+2)$ here? Does that
# strip widen or close as $d$ grows?
#
# ## In your own training
#
# **If you want a better model, average. If you want to see where this list of batches leads, compose
# backward over a window.** Keep $w$ batches as a head, once: `head = list(islice(loader, w))`. Whenever
# you look, lead a *copy* of your model through them, newest first; training goes on undisturbed.
#
# ```python
# def polished(model, head, lr):
#     look = deepcopy(model)
#     optimizer = torch.optim.SGD(look.parameters(), lr=lr)
#     for inputs, targets in reversed(head):
#         optimizer.zero_grad()
#         cross_entropy(look(inputs), targets).backward()
#         optimizer.step()
#     return look  # with batch normalisation: update_bn(loader, look) before you judge it
# ```
#
# *When it pays:* you watch a curve to see a trend, or compare two settings on the same batches, and
# cannot wait for a decayed learning rate. Jitter fell to a few per cent of forward's above, and to an
# eighth of it on MNIST below, for $w$ gradients a look. *When not:* if the model itself is to be good. In
# the league no order lowered the error, while Polyak's average lowered it by more than a third, for no
# extra gradient. Its recipe is torch's own `swa_utils.AveragedModel`, with `update_bn` after it. And
# backward without a window is for understanding: nobody has $N^2/2$ gradients to spare.
#
# ## At full scale
#
# The paper trained ResNet-18 on CIFAR-10, ResNet-50 on CIFAR-100 and an MLP on Fashion-MNIST. **We
# have not repeated those.** What we have run once is the network experiment above on all of MNIST.

# %%
if record:
    facts = {"title": f"{dataset}, MLP {net.widths}, {runs} lists"}
    facts["methods"] = list(losses)
    facts["jitter"] = [round(value.item(), 7) for value in jitter.values()]
    facts["loss"] = [round(loss.mean.item(), 7) for loss in mean_loss.values()]
    facts["loss_stderr"] = [round(loss.stderr.item(), 7) for loss in mean_loss.values()]
    spent = sum(seen[name].seconds for name in losses)
    save_result(record, facts, device=lesson.device.type, seconds=spent)
result = load_result("02_backward_sgd_mnist")
print("{title}: measured {date} on {device}, {seconds} s.".format(**result))
columns = (result[key] for key in ("methods", "jitter", "loss", "loss_stderr"))
for row in zip(*columns, strict=True):
    print("{:18} jitter {:.4f}, mean test loss {:.4f} ± {:.4f}".format(*row))
lesson.full_scale()

# %% [markdown]
# The same picture: jitter apart by a factor of about eight, means together. (The seconds are those of
# a busy machine.) To repeat it, with MNIST at hand:
#
# `bsgd run 02 --profile full -p dataset=mnist -p record=mnist.json`
#
# ## Checks of this chapter

# %%
lesson.claims_table()

# %% [markdown]
# ## Five lines to remember
#
# 1. Backward iterates share their ending: contraction makes them converge, for every list of batches.
# 2. Noise is frozen, not removed; equal laws forbid a gap in mean loss, over fresh lists, at constant
#    steps.
# 3. Report jitter within runs apart from mean loss, and draw a fresh list for every run.
# 4. Backward removes jitter, averaging removes jitter and excess error, for fewer gradients.
# 5. What decides is the growth of long products: a norm above 1 or an infinite variance need not matter.
#
# ## About the source
#
# <details><summary>What was read, what is ours, what is not known</summary>
#
# *Paper.* B. Dherin, B. Avelin, A. Karlsson, H. Mazzawi, J. Gonzalvo, M. Munn, arXiv 2502.01557: v1
# "Training in reverse: how iteration order influences…"; v2, TMLR 2025, "How iteration composition
# influences…". We know its ideas and which models it trained. We do not know its learning rates, batch
# sizes or numbering, and we have not read later versions.
#
# *Its own:* backward composition of SGD, the contraction principle for it, "smoother" and "faster". It
# names windowed updates, bracket corrections and the link to the stationary law.
# *Classic:* equal laws and backward limits (Letac 1986; Diaconis and Freedman 1999); the bracket
# formula (Hairer, Lubich, Wanner). *Ours:* every setting, the definitions of windowed, block and jitter,
# the manufactured gap, the league, the choice of broken assumptions, the remarks on batch normalisation.
#
# *Not known:* whether the paper's "faster" came from a shared list, a schedule or a choice of time.
#
# *Further reading.* P. Diaconis and D. Freedman, *Iterated random functions* (1999). S. Mandt, M. Hoffman
# and D. Blei, *Stochastic gradient descent as approximate Bayesian inference* (2017). M. Gürbüzbalaban,
# U. Şimşekli and L. Zhu, *The heavy-tail phenomenon in SGD* (2021). B. Polyak and A. Juditsky (1992) on
# averaging.
#
# *Versions.* The index page that `bsgd run` writes names the versions it ran with; `constraints.txt`
# pins them.
#
# </details>
