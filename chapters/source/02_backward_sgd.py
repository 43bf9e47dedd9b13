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
dataset = "auto"  # "digits", "mnist", or "auto": digits, and for the full profile MNIST if at hand
record = ""  # a file that keeps the network experiment, as the section "At full scale" shows

# %% tags=["setup"]
from functools import partial

import torch

from bsgd_edu import datasets, dynamics, explorers, nets, plot, rules
from bsgd_edu.course import (
    begin,
    check,
    claim,
    claims_table,
    experiments,
    full_scale,
    hint,
    reveal,
)
from bsgd_edu.maps import AffineMap, backward_orbit, forward_orbit, windowed_orbit
from bsgd_edu.seeding import generator
from bsgd_edu.training import train

where, pages, full = begin(device, profile), plot.backward_pages, profile == "full"
auto = "mnist" if full and datasets.available("mnist") else "digits"
name = auto if dataset == "auto" else dataset
seen, unseen = datasets.load("digits"), datasets.load("digits", split="test")
data, test = datasets.load(name), datasets.load(name, split="test")
orders = forward_orbit, backward_orbit
print(f"The network learns {name}.")

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
samples = torch.tensor([[2.0, 0.0], [1.0, 2.0], [-1.0, 1.0]], dtype=torch.float64)
fields = [lambda t, a=a: -torch.sigmoid(-(t * a).sum(-1, keepdim=True)) * a for a in samples]
(zero, there), sizes = torch.tensor([[0.0, 0.0], [0.5, -1.0]], dtype=torch.float64), {}
for lr in (0.01, 0.02, 0.04, 0.08):
    maps = [rules.sgd_map(field, lr) for field in fields]
    gap = (forward_orbit(maps, there) - backward_orbit(maps, there))[3]
    left = gap - dynamics.order_difference(fields, there, lr)
    mean, other = (rules.palindromic_average(m, there) for m in (maps, maps[1:] + maps[:1]))
    sizes[lr] = torch.stack([gap, left, mean - other]).norm(dim=1)
one, two = (rules.sgd_map(field, 1.6) for field in fields[:2])
pages.show_orders(zero, [one(zero), two(one(zero)), two(zero), one(two(zero))], sizes)
hand, slopes = dynamics.order_difference(fields[:2], zero, 1.0), (sizes[0.02] / sizes[0.01]).log2()
claim("backward-sgd/bracket-by-hand").agrees(hand, torch.tensor([0.25, -0.5]), atol=1e-12)
claim("backward-sgd/bracket-order").agrees(slopes[1], 3.0, atol=0.06)
claim("backward-sgd/palindrome-order").agrees(slopes[2], 3.0, atol=0.06)

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
# | $c$ and the bound | `dynamics.gradient_step_factor`, `dynamics.backward_error_bound` |
# | jitter: standard deviation of one run's curve about its trend | `dynamics.sequential_jitter` |
#
# The paper names windowed updates and bracket corrections; these definitions are ours.
#
# ## Experiment: where the theorem applies
#
# Softmax regression on 8×8 digits, weight decay 0.2, batches of 8. Left: two starts, one far away,
# under the bound. Right, a warning: for each of eight *fixed* lists, 24 runs from random starts
# compare the test losses of both orders; the lowest row has 400 runs with a *fresh* list each.


# %%
def order_gap(lists, starts):
    """Forward minus backward test loss after 200 batches; `lists` is the shape of fresh lists."""
    rows = datasets.draw_batches(len(x), 200, 8, generator=generator(seed, *lists), runs=lists)
    maps = rules.sgd_maps(convex, x, y, rows, 0.15)
    theta = convex.init(generator(seed, "starts"), replicas=starts).double()
    plain, held_out = nets.LogisticRegression(64, 10), (unseen.inputs.double(), unseen.targets)
    return torch.sub(*(plain.loss(o(maps, theta, at=[200])[0], *held_out) for o in orders))


x, y, convex = seen.inputs.double(), seen.targets, nets.LogisticRegression(64, 10, weight_decay=0.2)
rows = datasets.draw_batches(len(x), 300, 8, generator=generator(seed, "list"))
steps = rules.sgd_maps(convex, x, y, rows, 0.15)
starts = convex.init(generator(seed), replicas=(2,)).double() * torch.tensor([[1], [40]])
xs, ys = forward_orbit(steps, starts), backward_orbit(steps, starts)
factor = dynamics.gradient_step_factor(0.15, *dynamics.softmax_hessian_range(x[rows], 0.2))
moved = max((step(starts) - starts).norm(dim=-1).max().item() for step in steps)
bound = dynamics.backward_error_bound(factor, moved, torch.arange(280.0))
away, hops = (ys[:280] - ys[-1]).norm(dim=-1), xs.diff(dim=0)[:, 0].norm(dim=-1)
gaps, errors = dynamics.mean_and_stderr(order_gap((8, 1), (8, 24)))
fresh = dynamics.mean_and_stderr(order_gap((400,), (400,)))
pages.show_convex(bound, away, hops[:280], gaps, errors, fresh)
forgotten = (ys[-1, 0] - ys[-1, 1]).norm() / (factor**300 * (starts[0] - starts[1]).norm())
claim("backward-sgd/contraction-bound").holds((away / bound[:, None]).max(), below=1)
claim("backward-sgd/start-forgotten").holds(forgotten, below=1)
claim("backward-sgd/forward-keeps-moving").holds(hops[-1] / (ys[-1] - ys[-2]).norm(), above=100)
claim("backward-sgd/fixed-list-gap").holds((gaps.abs() / errors).median(), above=100)
claim("backward-sgd/no-gap-convex").agrees(fresh[0], 0.0, stderr=fresh[1])

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
runs, hidden = ((24, 128) if full else (12, 32)) if name == "mnist" else (48, 32)
sizes, lr = (data.inputs.shape[1], hidden, 10), 0.2
net, plain = nets.MLP(sizes, weight_decay=1e-3), nets.MLP(sizes)
train_set, held_out = data.tensors(where), test.tensors(where, None if full else 1000)
draw = partial(datasets.draw_batches, len(data))
warm = rules.sgd_maps(net, *train_set, draw(1000, 64, generator=generator(seed, "warm")), lr)
start = forward_orbit(warm, net.init(generator(seed, "init")).to(where), at=[1000]).expand(runs, -1)
lists = draw(300, 16, generator=generator(seed, "lists"), runs=(runs,))
steps, at = rules.sgd_maps(net, *train_set, lists, lr), range(240, 301, 1 if full else 2)
orbits = {"forward": forward_orbit, "backward": backward_orbit,
          "windowed, w = 100": partial(windowed_orbit, window=100),
          "block, w = 50": partial(rules.block_backward_orbit, block=50)}  # fmt: skip
watch = {"loss": lambda points: torch.stack([plain.loss(p, *held_out) for p in points]).cpu(),
         "move": lambda points: points.diff(dim=0, prepend=points[:1]).norm(dim=-1).cpu()}  # fmt: skip
log = {k: train(steps, start, orbit=orbit, observe=watch, at=at) for k, orbit in orbits.items()}
jitter = torch.stack([dynamics.sequential_jitter(r["loss"], degree=1).mean() for r in log.values()])
loss, error = dynamics.mean_and_stderr(torch.stack([r["loss"].mean(0) for r in log.values()]))
pages.show_network(at, {k: r["loss"][:, 0] for k, r in log.items()}, jitter, loss, error)
gain = dynamics.mean_and_stderr((log["forward"]["loss"] - log["backward"]["loss"]).mean(0))
moves = log["backward"]["move"].mean() / log["forward"]["move"].mean()
claim("backward-sgd/smoother").holds(jitter[1] / jitter[0], below=0.25)
claim("backward-sgd/window-jitter").holds(jitter[2] / jitter[0], below=0.25)
claim("backward-sgd/no-gap-network").agrees(gain[0], 0.0, stderr=gain[1])
claim("backward-sgd/loss-without-point").holds(moves / (jitter[1] / jitter[0]), above=5)
claim("backward-sgd/faster").not_reproduced(gain[0], stderr=gain[1], why="equal laws, equal means")

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
noisy = datasets.wave_regression(512, noise_std=0.1, generator=generator(seed, "wave"))
clean = datasets.wave_regression(1000, noise_std=0.0, generator=generator(seed, "unseen"))
draw, rates = partial(datasets.draw_batches, 512), [0.1 * (1 - k / 300) for k in range(300)]
warm = rules.sgd_maps(tiny, *noisy, draw(3000, 32, generator=generator(seed, "tiny")), 0.1)
anchor = forward_orbit(warm, tiny.init(generator(seed, "tiny")), at=[3000]).expand(48, -1)
small = draw(300, 8, generator=generator(seed, "small"), runs=(48,))
large = draw(300, 8 * 150, generator=generator(seed, "large"), runs=(48,))
steps = rules.sgd_maps(tiny, *noisy, small, 0.1)
league = {"forward": ("1 gradient", steps, forward_orbit),
          "block, w = 50": ("25", steps, partial(rules.block_backward_orbit, block=50)),
          "windowed, w = 100": ("101", steps, partial(windowed_orbit, window=100)),
          "backward": ("150", steps, backward_orbit),
          "big batch": ("150", rules.sgd_maps(tiny, *noisy, large, 0.1), forward_orbit),
          "lr decay": ("1", rules.sgd_maps(tiny, *noisy, small, rates), forward_orbit),
          "EMA, 0.95": ("1", steps, partial(rules.ema_orbit, decay=0.95)),
          "Polyak": ("1", steps, rules.polyak_orbit)}  # fmt: skip
judge = nets.MLP([2, 16, 16, 1], "tanh", loss="mse").loss
curves = torch.stack([judge(o(maps, anchor, at=at), *clean) for _, maps, o in league.values()])
shake = torch.stack([dynamics.sequential_jitter(curve, degree=1) for curve in curves])
(height, height_error), rough = map(dynamics.mean_and_stderr, (curves.mean(1), shake))
pages.show_league(list(league), [row[0] for row in league.values()], (height, height_error), rough)
lower = dynamics.mean_and_stderr(curves[3].mean(0) - curves[[4, 7]].mean(1))
claim("backward-sgd/averaging-lowers-loss").holds(lower[0][1], above=0, stderr=lower[1][1])
claim("backward-sgd/equal-compute").holds(lower[0][0], above=0, stderr=lower[1][0])

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
explorers.backward.chapter().show()

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
beta, norms, rates, falls = 0.81, [], [], {}
targets = torch.randn(200, generator=generator(seed, "momentum"), dtype=torch.float64)
rest = rules.momentum_state(torch.tensor([3.0], dtype=torch.float64))
for h in (1.0, 3.0, 6.0):
    pulls = [lambda p, a=a, h=h: h * (p - a) for a in targets]
    path = backward_orbit([rules.momentum_map(g, 0.5, momentum=beta) for g in pulls], rest)
    fall = (path[:140] - path[-1]).norm(dim=-1)
    falls[f"curvature h = {h:g}"] = fall
    rates.append((fall[110:130].max() / fall[10:30].max()) ** 0.01)
    norms.append(torch.linalg.matrix_norm(dynamics.heavy_ball_matrix(h, 0.5, beta), 2))
unit = torch.linalg.matrix_norm(dynamics.heavy_ball_matrix(0.3, 0.5, beta), 2)
pages.show_momentum(falls, beta, {"0.3": unit} | dict(zip("136", norms, strict=True)))
claim("backward-sgd/momentum-norm").holds(torch.stack(norms), above=1)
claim("backward-sgd/momentum-rate").agrees(torch.stack(rates), beta**0.5, rtol=0.02)

# %% [markdown]
# All three fall like $\sqrt\beta^{\,n}$: for $0.02<h<7.2$ the eigenvalues are complex with modulus
# $\sqrt\beta$. (The norm also depends on the unit of velocity: the caption gives one curvature where
# it happens to be below 1.) What matters is the growth of long *products*, not one factor's norm.
#
# **A finite variance: heavy tails.** One-dimensional regression with single samples multiplies by
# $1-\eta x^2$, $x\sim N(0,1)$. The variance is finite for $\eta<\tfrac23$ only; paths converge as long
# as $\gamma=\mathbb E\log|1-\eta x^2|<0$, up to $\eta=2.42$. We go to $\eta=1$.

# %%
count = 100_000 if full else 20_000
x, noise = torch.randn(2, 200, count, generator=generator(seed, "tails"), dtype=torch.float64)
steps = AffineMap((1 - x**2)[..., None, None], (x * noise)[..., None])  # η = 1
few = AffineMap(steps.matrix[:80, :3], steps.offset[:80, :3])
origin = torch.zeros(count, 1, dtype=torch.float64)
early, limits = backward_orbit(steps, origin, at=[150, 200])[..., 0]
paths = [orbit(few, origin[:3])[..., 0] for orbit in (forward_orbit, backward_orbit)]
pages.show_heavy_tails(*paths, limits, dynamics.kesten_index(1.0))
top = limits.abs().sort(descending=True).values[: count // 50]
hill = 1 / (top[:-1] / top[-1]).log().mean()  # Hill's estimator of the tail index
gamma = dynamics.mean_and_stderr((1 - 2.42125 * x.flatten() ** 2).abs().log())
still = ((early - limits).abs() > 1e-6).double().mean()  # the share of runs that still move
claim("backward-sgd/exponent-zero").agrees(gamma[0], 0.0, stderr=gamma[1])
claim("backward-sgd/converges-without-variance").holds(still, below=0.01)
claim("backward-sgd/kesten-index").agrees(hill, 1.091, stderr=1.091 / len(top) ** 0.5, atol=0.05)

# %% [markdown]
# Each list has a perfectly good backward limit. Over lists it has a power-law tail of index 1.09, so
# no variance and barely a mean. Forward shows the same law as wild excursions in time. "Converges"
# and "has a variance" are different questions.
#
# ## Your turn
#
# `hint("02.1", 1)` to `hint("02.1", 3)` help; `reveal("02.1")` shows a solution.

# %% [markdown] tags=["exercise:02.1"]
# ### Exercise 02.1 · The price of a curve
#
# How many gradients does the whole backward curve $y_1,\dots,y_{300}$ cost when each iterate is
# computed from $x_0$? (For $y_1,\dots,y_3$ it is 6.) Set `cost`.

# %% tags=["answer:02.1"]
# BEGIN SOLUTION
cost = 300 * 301 // 2
# END SOLUTION

# %% tags=["check:02.1"]
check("02.1", cost)

# %% [markdown] tags=["exercise:02.2"]
# ### Exercise 02.2 · What would be evidence?
#
# Which experiment can tell whether backward has a lower *mean* loss than forward at $n=1000$?
#
# - a) One list of batches, 1000 random starts, losses compared in pairs.
# - b) A fresh list for each of 100 runs, losses at $n=1000$.
# - c) One run of each order; backward's curve is smoother.
# - d) One list, ten times as many steps.

# %% tags=["answer:02.2"]
# BEGIN SOLUTION
letter = "b"
# END SOLUTION

# %% tags=["check:02.2"]
check("02.2", letter)

# %% [markdown] tags=["exercise:02.3"]
# ### Exercise 02.3 · A window of fixed last steps
#
# `windowed_end(maps, x0, window)`: $N$ callables `(d,) -> (d,)`, a start `(d,)`, and $w\le N$. Return
# $T_1(T_2(\dots T_w(z)))$, where $z$ is the forward run from `x0` over the maps after $w$. The maps
# $x/2$, $x+1$, $3x$ from `[8.]` with window 1 give `[13.5]`.


# %% tags=["answer:02.3"]
def windowed_end(maps, x0, window):
    """Returns T_1 ∘ … ∘ T_w applied to the forward run over the maps after w."""
    # BEGIN SOLUTION
    x = x0
    for step in maps[window:]:
        x = step(x)
    for step in reversed(maps[:window]):  # T_w meets the point first, T_1 acts last
        x = step(x)
    return x
    # END SOLUTION


# %% tags=["check:02.3"]
check("02.3", windowed_end)

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
    # BEGIN SOLUTION
    total = torch.zeros_like(gradients[0])
    for j in range(len(gradients)):
        for i in range(j):
            total = total + hessians[j] @ gradients[i] - hessians[i] @ gradients[j]
    return lr**2 * total
    # END SOLUTION


# %% tags=["check:02.4"]
check("02.4", order_term)

# %% [markdown]
# See afterwards: your double loop makes $n^2$ products. `dynamics.order_difference` needs $n$; find
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
    growing = dynamics.regression_lyapunov_exponent(frontier, dim=2, batch=1) > 0
    low, high = (low, frontier) if growing else (frontier, high)
# END SOLUTION

# %% tags=["check:02.5"]
check("02.5", frontier)

# %% [markdown]
# See afterwards: your number is almost twice the mean-square limit ½. Does that strip widen or close
# as $d$ grows?

# %% [markdown] tags=["exercise:02.6"]
# ### Exercise 02.6 · Referee report
#
# A manuscript trains 1000 random starts with one fixed list of batches, forward and backward, finds
# backward better with $p<10^{-9}$, shows a beautifully smooth curve, and concludes that backward-SGD
# generalises better. Write the report: what did they measure, what do they need, what would you
# expect? About fifteen lines; then `reveal("02.6")` shows what to tick.

# %% [markdown] tags=["answer:02.6"] points=4
# BEGIN SOLUTION
# Sharing one list leaves its accident in every pair: the p-value tests two lists against each other.
# With fresh lists the laws of $x_n$ and $y_n$ agree at every $n$, so no mean gap can exist at constant
# steps. The smooth curve is a property of paths: real, reported as within-run jitter, and no evidence
# about the model at its end. A backward curve costs $N(N+1)/2$ gradients; compare with averaging,
# decay and larger batches at that cost, which lower jitter *and* loss.
# END SOLUTION

# %% [markdown]
# ## At full scale
#
# The paper trained ResNet-18 on CIFAR-10, ResNet-50 on CIFAR-100 and an MLP on Fashion-MNIST. **We
# have not repeated those.** What we have run once, on the device and day that the cell prints, is the
# network experiment above on all of MNIST.

# %%
if record:
    spent = sum(run.seconds for run in log.values())
    facts = {"title": f"{name}, MLP {sizes}, {runs} lists", "methods": list(log)}
    values = {"jitter": jitter, "loss": loss, "loss_stderr": error}
    facts |= {key: [round(v, 7) for v in value.tolist()] for key, value in values.items()}
    experiments.save_result(record, facts, device=where.type, seconds=spent)
result = experiments.load_result("02_backward_sgd_mnist")
print("{title}: measured {date} on {device}, {seconds} s.".format(**result))
full_scale("02_backward_sgd")
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
claims_table("02_backward_sgd")

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
