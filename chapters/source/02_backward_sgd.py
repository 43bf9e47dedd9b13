# %% [markdown]
# # 2 · Backward-SGD
#
# **Composing the same SGD steps with the newest batch innermost turns a learning curve that never
# stops shaking into one that settles: it removes the jitter, and not the error.**
#
# *Source.* B. Dherin, B. Avelin, A. Karlsson, H. Mazzawi, J. Gonzalvo, M. Munn, arXiv
# [2502.01557](https://arxiv.org/abs/2502.01557) (v1 "Training in reverse: how iteration order
# influences…"; v2, TMLR 2025, "How iteration composition influences…"). We know its ideas and which
# models it trained, not its learning rates, batch sizes or numbering: every setting below is
# **ours**.
#
# *You need:* chapter 1, gradients, the idea of a Hessian. *Time:* about 100 minutes, 60 of them
# exercises. *Hardware:* any computer; the quick profile takes well under a minute on one core. MNIST
# is used where it is at hand.

# %% tags=["parameters"]
profile = "quick"  # "quick" or "full"
seed = 0
device = "auto"
dataset = "auto"  # "digits", "mnist", or "auto": MNIST in the full profile if at hand
record = ""  # a file to keep the network experiment in: see "At full scale"

# %% tags=["setup"]
from functools import partial

import torch

from bsgd_edu import datasets, dynamics, nets, rules
from bsgd_edu.course import begin
from bsgd_edu.course.claims.records import load_result, save_result
from bsgd_edu.estimates import mean_and_stderr
from bsgd_edu.maps import AffineMap, backward_orbit, forward_orbit, windowed_orbit
from bsgd_edu.training import train

lesson = begin("02_backward_sgd", profile=profile, seed=seed, device=device)
pages, full = lesson.pages, lesson.full
if dataset == "auto":
    dataset = "mnist" if full and datasets.available("mnist") else "digits"
print(f"The network learns {dataset}.")

# %% [markdown]
# ## Predict
#
# A step on batch $i$ is a map $T_i(\theta)=\theta-\eta g_i(\theta)$. **Forward-SGD** puts step $n$
# outside, $x_n=T_n(x_{n-1})$. **Backward-SGD** puts it inside, $y_n=T_1(T_2(\dots T_n(x_0)))$, so
# that every iterate replays all batches. Same batches, same constant learning rate.
#
# Two curves of test loss against $n$ will come, for 48 runs that draw a list of batches each. At the
# end, which is lower *in the mean over runs*, and which shakes more *within a run*?
#
# *(a)* Backward is lower and shakes less. *(b)* The means agree; backward shakes less. *(c)* Backward
# is higher, since it forgets new batches, and shakes less. *(d)* No difference.

# %% tags=["nbval-check-output"]
guess = "?"  # "a", "b", "c" or "d"
print("Your guess is kept; the network experiment answers it.")

# %% [markdown]
# ## Smallest case
#
# Two batches, two orders. A Taylor expansion tells them apart:
#
# $$T_2(T_1(\theta))-T_1(T_2(\theta))=\eta^2\,(H_2g_1-H_1g_2)+O(\eta^3).$$
#
# The bracket on the right is the **Lie bracket** of the two gradient fields: how gradient 2 changes
# along gradient 1, minus how gradient 1 changes along gradient 2. For $n$ batches, forward minus
# backward is the sum of the brackets of all pairs $i<j$.
#
# *By hand.* Samples $a_1=(2,0)$ and $a_2=(1,2)$, loss $\log(1+e^{-a\cdot\theta})$. At $\theta=0$,
# $g_i=-\tfrac12a_i$ and $H_i=\tfrac14a_ia_i^\top$: the bracket is
# $\tfrac18(a_1\!\cdot a_2)(a_1-a_2)=(\tfrac14,-\tfrac12)$. Orthogonal samples commute.
#
# Look left, from $\theta=0$, for the black segment; and right, with a third sample and from another
# point (symmetry makes 0 special), for the slopes.


# %%
def loss_gradient(a, theta):
    """The gradient of log(1 + exp(−a·θ)) for a sample a (2,), at points θ (..., 2)."""
    margin = (theta * a).sum(-1, keepdim=True)
    return -torch.sigmoid(-margin) * a


samples = torch.tensor([[2.0, 0.0], [1.0, 2.0], [-1.0, 1.0]], dtype=torch.float64)
gradients = [partial(loss_gradient, a) for a in samples]  # functions of θ

zero = torch.zeros(2, dtype=torch.float64)
bracket = dynamics.contraction.order_difference(gradients[:2], zero, lr=1.0)
lesson.claim("backward-sgd/bracket-by-hand").agrees(bracket, [0.25, -0.5], atol=1e-12)

step_1, step_2 = (rules.sgd_map(gradient, lr=1.6) for gradient in gradients[:2])
one_then_two = [step_1(zero), step_2(step_1(zero))]
two_then_one = [step_2(zero), step_1(step_2(zero))]

# %%
point = torch.tensor([0.5, -1.0], dtype=torch.float64)
sizes = {}  # for each learning rate the lengths of three vectors
for lr in (0.01, 0.02, 0.04, 0.08):
    maps = [rules.sgd_map(gradient, lr) for gradient in gradients]
    gap = forward_orbit(maps, point)[-1] - backward_orbit(maps, point)[-1]
    unexplained = gap - dynamics.contraction.order_difference(gradients, point, lr)
    average = rules.palindromic_average(maps, point)
    rotated = rules.palindromic_average(maps[1:] + maps[:1], point)
    vectors = {"gap": gap, "unexplained": unexplained, "averages": average - rotated}
    sizes[lr] = {name: vector.norm() for name, vector in vectors.items()}
pages.show_orders(zero, one_then_two, two_then_one, sizes)

slopes = {name: torch.log2(sizes[0.02][name] / sizes[0.01][name]) for name in vectors}
lesson.claim("backward-sgd/bracket-order").agrees(slopes["unexplained"], 3.0, atol=0.06)
lesson.claim("backward-sgd/palindrome-order").agrees(slopes["averages"], 3.0, atol=0.06)

# %% [markdown]
# The parallelogram does not close; what the bracket does not explain falls with slope 3, and so does
# the order-dependence of the average of both orders. Order is an $\eta^2$ effect: small for a pair.
# What do thousands of pairs add up to?
#
# ## Theory
#
# **Contraction** (in the paper). If every batch loss has Hessians in $[m,L]$ with $m>0$, and
# $0<\eta<2/L$, each step shrinks distances by $c=\max(|1-\eta m|,|1-\eta L|)<1$. With
# $M=\max_i\|T_i(x_0)-x_0\|$, for *every* list of batches,
#
# $$\|y_n-y_\infty\|\le\frac{c^nM}{1-c},\qquad y_\infty\text{ independent of }x_0 .$$
#
# <details><summary>Why, in three lines</summary>
#
# $y_{n+1}$ and $y_n$ are the images of $T_{n+1}(x_0)$ and $x_0$ under the same $n$ maps. These two
# points are at most $M$ apart and each map shrinks their distance by $c$, so
# $\|y_{n+1}-y_n\|\le c^nM$: sum the geometric series. Two starts approach in the same way.
#
# </details>
#
# **Frozen, not removed.** All $y_n$ end with the same batches $\dots,T_2,T_1$. Each is an ordinary
# run on the list read backwards: nothing is un-trained. If batches are independent draws, a list and
# its reverse are equally likely, and $\mathrm{law}(x_n)=\mathrm{law}(y_n)$ at every $n$, contraction
# or not (Letac). So **mean curves over fresh lists coincide**. What can differ is **jitter**: how much
# one run's curve shakes. The two must be reported apart.
#
# **Silence.** A network has directions without curvature: $m=0$, or less. Its steps do not contract,
# and the theorem says nothing. (The weight decay used below, $10^{-3}$, would shrink such a direction
# by 6 % in 300 steps.)
#
# | symbol | in code |
# |---|---|
# | $T_i$, a list of them | `rules.sgd_map(grad, lr)`, `rules.sgd_maps(net, inputs, targets, batches, lr)` |
# | $x_n$, $y_n$ | `forward_orbit(maps, x0)`, `backward_orbit(maps, x0)` |
# | windowed $T_1\cdots T_w(\text{forward on the rest})$ | `windowed_orbit(maps, x0, window=w)` |
# | block: backward within $w$ batches, then on from there | `rules.block_backward_orbit(maps, x0, block=w)` |
# | $c$ and the bound | `dynamics.contraction.gradient_step_factor`, `dynamics.contraction.backward_error_bound` |
# | jitter: standard deviation of one run's curve about its trend | `dynamics.jitter.sequential_jitter` |
#
# The paper names windowed updates and bracket corrections; these definitions are ours.
#
# ## Experiment: where the theorem applies
#
# Softmax regression on 8×8 digits, weight decay 0.2, batches of 8. Left: two starts, one far away,
# under the bound. Right, a warning: for each of eight *fixed* lists, 24 runs from random starts
# compare the test losses of both orders; the lowest row has 400 runs with a *fresh* list each.

# %%
digits, unseen = datasets.load("digits"), datasets.load("digits", split="test")
inputs, targets = digits.inputs.double(), digits.targets
held_out = unseen.inputs.double(), unseen.targets
model = nets.LogisticRegression(64, 10, weight_decay=0.2)
plain = nets.LogisticRegression(64, 10)  # the same without decay, for test losses

stream = lesson.stream("list", device="cpu")
batches = datasets.draw_batches(len(digits), 300, 8, generator=stream)
maps = rules.sgd_maps(model, inputs, targets, batches, lr=0.15)
starts = model.init(lesson.stream(device="cpu"), replicas=(2,)).double()
starts[1] *= 40  # far away
x = forward_orbit(maps, starts)  # x_0 … x_300 from both starts: (301, 2, parameters)
y = backward_orbit(maps, starts)  # y_300 stands for y_∞

m, L = dynamics.contraction.softmax_hessian_range(inputs[batches], weight_decay=0.2)
c = dynamics.contraction.gradient_step_factor(lr=0.15, smallest=m, largest=L)
M = max((step(starts) - starts).norm(dim=-1).max().item() for step in maps)
bound = dynamics.contraction.backward_error_bound(c, M, torch.arange(280.0))
to_limit = (y[:280] - y[300]).norm(dim=-1)  # ‖y_n − y_∞‖: (280, 2)
share_of_bound = to_limit / bound[:, None]
lesson.claim("backward-sgd/contraction-bound").holds(share_of_bound.max(), below=1)

left_over = (y[300, 0] - y[300, 1]).norm() / (starts[0] - starts[1]).norm()
lesson.claim("backward-sgd/start-forgotten").holds(left_over / c**300, below=1)

moves = x[:, 0].diff(dim=0).norm(dim=-1)  # ‖x_{n+1} − x_n‖ from the near start
last_move = (y[300] - y[299]).norm()  # ‖y_300 − y_299‖, both starts together
kept_moving = moves[-1] / last_move
lesson.claim("backward-sgd/forward-keeps-moving").holds(kept_moving, above=100)


# %%
def order_gap(lists, starts):
    """Forward minus backward test loss at n = 200; `lists` and `starts` are shapes."""
    stream = lesson.stream(*lists, device="cpu")
    batches = datasets.draw_batches(len(digits), 200, 8, generator=stream, runs=lists)
    maps = rules.sgd_maps(model, inputs, targets, batches, lr=0.15)
    theta = model.init(lesson.stream("starts", device="cpu"), replicas=starts).double()
    forward_end = forward_orbit(maps, theta, at=[200])[0]
    backward_end = backward_orbit(maps, theta, at=[200])[0]
    return plain.loss(forward_end, *held_out) - plain.loss(backward_end, *held_out)


fixed = mean_and_stderr(order_gap(lists=(8, 1), starts=(8, 24)))  # 24 starts each
fresh = mean_and_stderr(order_gap(lists=(400,), starts=(400,)))  # one each
pages.show_convex(bound, to_limit, moves, fixed, fresh)

gap_in_stderrs = fixed.mean.abs() / fixed.stderr
lesson.claim("backward-sgd/fixed-list-gap").holds(gap_in_stderrs.median(), above=100)
lesson.claim("backward-sgd/no-gap-convex").agrees(fresh, 0.0)

# %% [markdown]
# Left: backward is a point, forward a cloud, exactly as the bound says; the far start shows how sharp
# it is ($y_{300}$ stands for $y_\infty$, hence the dip at the end). Right: eight lists, eight
# "discoveries" at thousands of standard errors, of either sign. They are real differences between two
# *lists*. A shared list with many starts **manufactures** a gap, for
# contraction has erased the starts and only the list is left. Over fresh lists nothing remains.
#
# ## Experiment: a network
#
# An MLP with 32 hidden units, 1000 warm-up steps, then 300 batches of 16 from that anchor, a fresh
# list for each of 48 runs (fewer on MNIST). Four orders of the same batches; test loss at every second
# of the last 60 steps (in the full profile at each). Jitter: standard deviation of one run's test loss
# about a straight line.

# %%
images, labels = datasets.load(dataset).tensors(lesson.device)
limit = None if full else 1000  # of the test images
test_set = datasets.load(dataset, split="test").tensors(lesson.device, limit)
hidden = 128 if dataset == "mnist" and full else 32
runs = 48 if dataset != "mnist" else (24 if full else 12)
net = nets.MLP([images.shape[1], hidden, 10], weight_decay=1e-3)
plain_net = nets.MLP(net.widths)  # the same without decay, for test losses
draw = partial(datasets.draw_batches, len(images))

warm_up = draw(1000, 64, generator=lesson.stream("warm", device="cpu"))
warm_up_steps = rules.sgd_maps(net, images, labels, warm_up, lr=0.2)
start = net.init(lesson.stream("init", device="cpu")).to(lesson.device)
anchor = forward_orbit(warm_up_steps, start, at=[1000]).expand(runs, -1)

lists = draw(300, 16, generator=lesson.stream("lists", device="cpu"), runs=(runs,))
steps = rules.sgd_maps(net, images, labels, lists, lr=0.2)
at = range(240, 301, 1 if full else 2)

# %%
orders = {
    "forward": forward_orbit,
    "backward": backward_orbit,
    "windowed, w = 100": partial(windowed_orbit, window=100),
    "block, w = 50": partial(rules.block_backward_orbit, block=50),
}
observe = {"loss": lambda x: plain_net.loss(x, *test_set), "point": lambda x: x}
losses, jitter, mean_loss, motion, seconds = {}, {}, {}, {}, 0.0
for name, orbit in orders.items():
    seen = train(steps, anchor, orbit=orbit, observe=observe, at=at)
    losses[name] = seen["loss"].cpu()  # (times, runs)
    jitter[name] = dynamics.jitter.sequential_jitter(losses[name], degree=1).mean()
    mean_loss[name] = mean_and_stderr(losses[name].mean(dim=0))
    motion[name] = seen["point"].diff(dim=0).norm(dim=-1).mean().cpu()  # per time
    seconds += seen.seconds

# %%
pages.show_network(at, losses, jitter, mean_loss)

jitter_ratio = {name: jitter[name] / jitter["forward"] for name in orders}
lesson.claim("backward-sgd/smoother").holds(jitter_ratio["backward"], below=0.25)
lesson.claim("backward-sgd/window-jitter").holds(
    jitter_ratio["windowed, w = 100"], below=0.25
)
drift = motion["backward"] / motion["forward"] / jitter_ratio["backward"]
lesson.claim("backward-sgd/loss-without-point").holds(drift, above=5)

gain = mean_and_stderr((losses["forward"] - losses["backward"]).mean(dim=0))
lesson.claim("backward-sgd/no-gap-network").agrees(gain, 0.0)
why = "over fresh lists the means are equal within their errors, as equal laws demand"
lesson.claim("backward-sgd/faster").not_reproduced(gain, why=why)

# %% [markdown]
# Left: forward zigzags, backward and windowed have settled, block starts anew every 50 batches.
# Right: jitter falls by more than a factor of ten (on MNIST, recorded below, by about eight) while the
# mean losses agree within their error bars, as they must. (Backward's bar is longer: a settled curve repeats one draw again and
# again, a shaking one averages over its own noise.) So (b) is the answer. The paper reports "smoother"
# (we see it, at a small scale) and "faster" (we do not, in the mean over lists: see the register
# below).
#
# A finding on the side: the backward *loss* settles although the backward *parameters* keep moving, by
# a good part of a forward step (on MNIST by more than one). They drift in directions without
# curvature, where the theorem was silent. A network's backward limit is a limit of functions first.
#
# ## Experiment: a league table at equal compute
#
# A backward *curve* $y_1,\dots,y_N$ costs $N(N+1)/2$ gradients. What else could one do with them? A
# small reference problem: an MLP 2-16-16-1 with tanh learns $\sin\pi x_1\cos\pi x_2$ from 512 noisy
# points; 3000 warm-up steps of 32, then 300 of 8 at $\eta=0.1$, weight decay $10^{-3}$, 48 fresh
# lists. *Big batch* spends a backward curve's gradients on forward steps with 150 times the batch.
# (1200 samples with replacement: more than there are.) *Decay* lowers $\eta$ linearly to zero; all
# others keep it. *EMA* and *Polyak* average the forward iterates, with weights falling like $0.95^k$
# into the past, or equally. Jitter and error at the same steps.

# %%
tiny = nets.MLP([2, 16, 16, 1], "tanh", weight_decay=1e-3, loss="mse")
wave = datasets.wave_regression
noisy = wave(512, noise_std=0.1, generator=lesson.stream("wave", device="cpu"))
clean = wave(1000, noise_std=0.0, generator=lesson.stream("unseen", device="cpu"))
draw = partial(datasets.draw_batches, 512)

warm_up = draw(3000, 32, generator=lesson.stream("tiny", device="cpu"))
warm_up_steps = rules.sgd_maps(tiny, *noisy, warm_up, lr=0.1)
start = tiny.init(lesson.stream("tiny", device="cpu"))
tiny_anchor = forward_orbit(warm_up_steps, start, at=[3000]).expand(48, -1)

small = draw(300, 8, generator=lesson.stream("small", device="cpu"), runs=(48,))
large = draw(300, 8 * 150, generator=lesson.stream("large", device="cpu"), runs=(48,))
falling = [0.1 * (1 - n / 300) for n in range(300)]
small_steps = rules.sgd_maps(tiny, *noisy, small, lr=0.1)
large_steps = rules.sgd_maps(tiny, *noisy, large, lr=0.1)
decaying_steps = rules.sgd_maps(tiny, *noisy, small, lr=falling)

# %%
league = {  # method: (gradients for a point of its curve, maps, how they are composed)
    "forward": (1, small_steps, forward_orbit),
    "block, w = 50": (25, small_steps, orders["block, w = 50"]),
    "windowed, w = 100": (101, small_steps, orders["windowed, w = 100"]),
    "backward": (150, small_steps, backward_orbit),
    "big batch": (150, large_steps, forward_orbit),
    "lr decay": (1, decaying_steps, forward_orbit),
    "EMA, 0.95": (1, small_steps, partial(rules.ema_orbit, decay=0.95)),
    "Polyak": (1, small_steps, rules.polyak_orbit),
}
plain_tiny = nets.MLP(tiny.widths, "tanh", loss="mse")  # without decay
costs, errors, shaking, mean_error = {}, {}, {}, {}
for name, (cost, maps, orbit) in league.items():
    points = orbit(maps, tiny_anchor, at=at)  # (times, runs, parameters)
    errors[name] = plain_tiny.loss(points, *clean)
    jitters = dynamics.jitter.sequential_jitter(errors[name], degree=1)
    shaking[name] = mean_and_stderr(jitters)
    mean_error[name] = mean_and_stderr(errors[name].mean(dim=0))
    costs[name] = cost
pages.show_league(costs, mean_error, shaking)

# %%
run_means = {name: error.mean(dim=0) for name, error in errors.items()}  # (runs,)
gain_of_averaging = mean_and_stderr(run_means["backward"] - run_means["Polyak"])
gain_of_big_batches = mean_and_stderr(run_means["backward"] - run_means["big batch"])
lesson.claim("backward-sgd/averaging-lowers-loss").holds(gain_of_averaging, above=0)
lesson.claim("backward-sgd/equal-compute").holds(gain_of_big_batches, above=0)

# %% [markdown]
# Two groups on the left. Every *order* of constant steps lies where forward lies; everything that
# averages, over points, over a batch, or by shrinking steps, lies far lower, and three of these cost
# one gradient a point. On the right, backward shakes least of the orders, less even than big batches
# at its price; Polyak's mean shakes no more, for a hundredth of that. Backward removes jitter; averaging
# removes jitter and excess error. If you want a better model, average. If you want to see *where this
# list of batches leads*, without the shaking, compose backward.
#
# ## Explore
#
# *Shared endings:* pin the last $K$ batches of eighty runs. How fast do the ends agree, and on what?
# *Stability map:* three boundaries for linear regression; visit the strip between the two upper ones,
# and small batches in high dimension, where the theorem with Lipschitz constants has nothing to say.

# %% tags=["nbval-ignore-output"]
lesson.explore.chapter().show()

# %% [markdown]
# Ends agree at the rate of the Lyapunov exponent (a single list wanders about the line), on a point
# that is on average no closer to the minimiser than one run's end: this is a backward limit, seen from the
# other side. In the strip of the map, backward paths settle while forward paths burst.
#
# ## Break an assumption
#
# **Contraction in the plain distance: momentum.** Heavy ball is a map on (position, velocity),
# $v\leftarrow\beta v+g$, $\theta\leftarrow\theta-\eta v$. On a parabola of curvature $h$ it is a matrix
# $M$ with $\det M=\beta$. Where $\|M\|>1$, as for the three curvatures below, the theorem fails at its
# first line. Look at the slopes.

# %%
beta, lr = 0.81, 0.5
stream = lesson.stream("momentum", device="cpu")
centres = torch.randn(200, generator=stream, dtype=torch.float64)
start = rules.momentum_state(torch.tensor([3.0], dtype=torch.float64))
distances, rates, norms = {}, {}, {}
for h in (1.0, 3.0, 6.0):
    pulls = [lambda theta, a=a, h=h: h * (theta - a) for a in centres]  # gradients
    maps = [rules.momentum_map(pull, lr, momentum=beta) for pull in pulls]
    y = backward_orbit(maps, start)
    distances[h] = (y[:140] - y[200]).norm(dim=-1)
    rates[h] = (distances[h][110:130].max() / distances[h][10:30].max()) ** (1 / 100)
    step = dynamics.contraction.heavy_ball_matrix(h, lr, beta)
    norms[h] = torch.linalg.matrix_norm(step, 2)
step = dynamics.contraction.heavy_ball_matrix(0.3, lr, beta)
gentle = torch.linalg.matrix_norm(step, 2)
pages.show_momentum(distances, beta, {0.3: gentle, **norms})
lesson.claim("backward-sgd/momentum-norm").holds(norms, above=1)
lesson.claim("backward-sgd/momentum-rate").agrees(rates, beta**0.5, rtol=0.02)

# %% [markdown]
# All three fall like $\sqrt\beta^{\,n}$: for $0.02<h<7.2$ the eigenvalues are complex with modulus
# $\sqrt\beta$. (The norm also depends on the unit of velocity: the caption gives one curvature where
# it happens to be below 1.) What matters is the growth of long *products*, not one factor's norm.
#
# **A finite variance: heavy tails.** One-dimensional regression with single samples multiplies by
# $1-\eta x^2$, $x\sim N(0,1)$. The variance is finite for $\eta<\tfrac23$ only; paths converge as long
# as $\gamma=\mathbb E\log|1-\eta x^2|<0$, up to $\eta=2.42$. We go to $\eta=1$.

# %%
count = 100_000 if full else 20_000  # lists of 200 samples
stream = lesson.stream("tails", device="cpu")
x, noise = torch.randn(2, 200, count, generator=stream, dtype=torch.float64)
maps = AffineMap((1 - x**2)[..., None, None], (x * noise)[..., None])  # η = 1
origin = torch.zeros(count, 1, dtype=torch.float64)
forward = forward_orbit(maps, origin)[..., 0]  # θ_n − θ*: (201, count)
backward = backward_orbit(maps, origin)[..., 0]
pages.show_heavy_tails(forward, backward, dynamics.tails.kesten_index(1.0))

exponent = mean_and_stderr((1 - 2.42125 * x.flatten() ** 2).abs().log())
lesson.claim("backward-sgd/exponent-zero").agrees(exponent, 0.0)
moving_share = ((backward[150] - backward[200]).abs() > 1e-6).double().mean()
lesson.claim("backward-sgd/converges-without-variance").holds(moving_share, below=0.01)
found = dynamics.tails.hill_index(backward[200], largest=count // 50)
error = 1.091 / (count // 50) ** 0.5  # of Hill's estimator
lesson.claim("backward-sgd/kesten-index").agrees(found, 1.091, stderr=error, atol=0.05)

# %% [markdown]
# Each list has a perfectly good backward limit. Over lists it has a power-law tail of index 1.09, so
# no variance and barely a mean. Forward shows the same law as wild excursions in time. "Converges"
# and "has a variance" are different questions.
#
# ## Your turn
#
# `lesson.hint(1, 1)` to `lesson.hint(1, 3)` help; `lesson.reveal(1)` shows a solution.

# %% [markdown] tags=["exercise:02.1"]
# ### Exercise 02.1 · The price of a curve
#
# How many gradients does the whole backward curve $y_1,\dots,y_{300}$ cost when each iterate is
# computed from $x_0$? (For $y_1,\dots,y_3$ it is 6.) Set `cost`.

# %% tags=["answer:02.1"]
cost = ...  # SOLUTION

# %% tags=["check:02.1"]
lesson.check(1, cost)

# %% [markdown] tags=["exercise:02.2"]
# ### Exercise 02.2 · What would be evidence?
#
# Which experiment can tell whether backward has a lower *mean* loss than forward at $n=1000$?

# %% tags=["answer:02.2"]
letter = ...  # SOLUTION

# %% tags=["check:02.2"]
lesson.check(2, letter)

# %% [markdown] tags=["exercise:02.3"]
# ### Exercise 02.3 · A window of fixed last steps
#
# `windowed_end(maps, x0, window)`: $N$ callables `(d,) -> (d,)`, a start `(d,)`, and $w\le N$. Return
# $T_1(T_2(\dots T_w(z)))$, where $z$ is the forward run from `x0` over the maps after $w$. The maps
# $x/2$, $x+1$, $3x$ from `[8.]` with window 1 give `[13.5]`.


# %% tags=["answer:02.3"]
def windowed_end(maps, x0, window):
    """Returns T_1 ∘ … ∘ T_w applied to the forward run over the maps after w."""
    # SOLUTION


# %% tags=["check:02.3"]
lesson.check(3, windowed_end)

# %% [markdown]
# See afterwards: with window 0 you have written SGD. At which window, in the network experiment,
# would the jitter be half way (on a logarithmic axis) between forward and backward?

# %% [markdown] tags=["exercise:02.4"]
# ### Exercise 02.4 · What the order costs
#
# `order_term(gradients, hessians, lr)`: `(n, d)`, `(n, d, d)` and $\eta$, all at $x_0$. Return the
# leading term `(d,)` of forward minus backward, summed over *all* pairs. Gradients 0 and 6 with
# Hessians 1 and 3 at $\eta=0.1$ give $-0.06$.


# %% tags=["answer:02.4"]
def order_term(gradients, hessians, lr):
    """Returns η² Σ_{i<j} (H_j g_i − H_i g_j)."""
    # SOLUTION


# %% tags=["check:02.4"]
lesson.check(4, order_term)

# %% [markdown]
# See afterwards: your double loop makes $n^2$ products. `dynamics.contraction.order_difference` needs $n$; find
# the trick in its docstring.

# %% [markdown] tags=["exercise:02.5"]
# ### Exercise 02.5 · Where do paths stop converging?
#
# Linear regression in dimension $d=2$, one fresh Gaussian sample a step. Find the largest $\eta$ at
# which backward iterates still converge, within 5 %, and set `frontier`. Simulate, use the stability
# map, or find the function of `dynamics` that knows.

# %% tags=["answer:02.5"]
# BEGIN SOLUTION
low, high = 0.1, 2.0
while high - low > 1e-4:
    frontier = (low + high) / 2
    if dynamics.tails.regression_lyapunov_exponent(frontier, dim=2, batch=1) > 0:
        high = frontier  # paths grow
    else:
        low = frontier
# END SOLUTION

# %% tags=["check:02.5"]
lesson.check(5, frontier)

# %% [markdown]
# See afterwards: your number is almost twice the mean-square limit ½. Does that strip widen or close
# as $d$ grows?

# %% [markdown] tags=["exercise:02.6"]
# ### Exercise 02.6 · Referee report
#
# A manuscript trains 1000 random starts with one fixed list of batches, forward and backward, finds
# backward better with $p<10^{-9}$, shows a beautifully smooth curve, and concludes that backward-SGD
# generalises better. Write the report: what did they measure, what do they need, what would you
# expect? About fifteen lines; then `lesson.reveal(6)` shows what to tick.

# %% [markdown] tags=["answer:02.6"] points=4
# SOLUTION

# %% [markdown]
# ## At full scale
#
# The paper trained ResNet-18 on CIFAR-10, ResNet-50 on CIFAR-100 and an MLP on Fashion-MNIST. **We
# have not repeated those.** What we have run once, on the device and day that the cell prints, is the
# network experiment above on all of MNIST.

# %%
if record:
    facts = {
        "title": f"{dataset}, MLP {net.widths}, {runs} lists",
        "methods": list(orders),
        "jitter": [round(value.item(), 7) for value in jitter.values()],
        "loss": [round(loss.mean.item(), 7) for loss in mean_loss.values()],
        "loss_stderr": [round(loss.stderr.item(), 7) for loss in mean_loss.values()],
    }
    save_result(record, facts, device=lesson.device.type, seconds=seconds)

result = load_result("02_backward_sgd_mnist")
print("{title}: measured {date} on {device}, {seconds} s.".format(**result))
lesson.full_scale()
pages.show_recorded(result)

# %% [markdown]
# The same picture: jitter apart, means together. (The seconds are those of a machine busy with other
# work.) To repeat it, with MNIST at hand:
#
# `bsgd run 02 --profile full -p dataset=mnist -p record=mnist.json`
#
# ## Claims of this chapter
#
# "Not reproduced" is a result: it says what we looked for and did not find, and why.

# %%
lesson.claims_table()

# %% [markdown]
# ## Five lines to remember
#
# 1. Backward iterates share their ending: contraction makes them converge, for every list of batches.
# 2. Noise is frozen, not removed; equal laws forbid a gap in mean loss at constant steps.
# 3. Report jitter within runs apart from mean loss, and draw a fresh list for every run.
# 4. Backward removes jitter, averaging removes jitter and excess error, for fewer gradients.
# 5. What decides is the growth of long products: $\|M\|>1$ or an infinite variance need not matter.
#
# ### Further reading
#
# P. Diaconis and D. Freedman, *Iterated random functions* (1999). S. Mandt, M. Hoffman and D. Blei,
# *Stochastic gradient descent as approximate Bayesian inference* (2017). M. Gürbüzbalaban, U. Şimşekli
# and L. Zhu, *The heavy-tail phenomenon in SGD* (2021). B. Polyak and A. Juditsky (1992) on averaging.
#
# ### Versions
#
# The index page that `bsgd run` writes names the versions it ran with; `constraints.txt` pins them.
