# %% [markdown]
# # 4 · Deep limits
#
# **A deep product of independent random layers moves away at a fixed speed, whatever the order; with
# each new layer put inside it also moves in a fixed direction, and one function on the space, a metric
# functional, measures both.**
#
# *Sources.* B. Avelin and A. Karlsson, *Deep limits and a cut-off phenomenon for neural networks*,
# arXiv [2104.10727](https://arxiv.org/abs/2104.10727), JMLR 23 (2022) 1–29: layers as nonexpansive
# maps of a metric, and what ergodic theorems then say of depth. Its theorem and figure numbers are
# not known to us; all examples and settings below are ours, not the paper's. Classics: J. Kingman
# (1968); H. Furstenberg (1963); V. Oseledets (1968); A. Karlsson and F. Ledrappier (2006);
# S. Gouëzel and A. Karlsson (2020); C. Newman (1986).
#
# *You need:* chapters 1 and 3, matrices, logarithms. *Time:* about 100 minutes, with exercises.
# *Hardware:* any computer; the quick profile runs in seconds.

# %% [markdown]
# Parameters. Change them and run all cells again; everything below follows.

# %% tags=["parameters"]
profile = "quick"  # or "full": more runs, sized for one GPU, still fine on a CPU
seed = 0
device = "auto"
steps = 80  # layers n, at least 41
width = 16  # of the networks that are trained
depth = 8  # their square layers

# %% tags=["setup"]
import math

import torch

from bsgd_edu import datasets, dynamics, estimates, metrics, nets, rules
from bsgd_edu.course import begin
from bsgd_edu.estimates import mean_and_stderr
from bsgd_edu.maps import AffineMap, backward_orbit, forward_orbit

lesson = begin("04_deep_limits", profile=profile, seed=seed, device=device)
pages, real = lesson.pages, lesson.real  # real: float64, on the device
stream = lesson.stream("layers")
runs = 10_000 if lesson.full else 2000  # how often an experiment is made
num_nets = 48 if lesson.full else 16  # networks that are trained
num_updates = 3000 if lesson.full else 1500

# %% [markdown]
# ## Predict
#
# Take 80 random 2×2 matrices with independent standard Gaussian entries. A matrix moves the points
# of the hyperbolic plane; follow where the products carry its base point $o$. Either the new matrix
# goes **inside**, $u(n)=A_1A_2\cdots A_n$ (chapter 1's backward order), or **outside**,
# $A_n\cdots A_2A_1$, as the forward pass of a deepening network does. As $n$ grows, which of these
# settle?
#
# *(a)* The speed $d(o,u(n)o)/n$, in both orders, and nothing else. *(b)* The speed in both orders;
# the direction only inside. *(c)* The direction in both; the speed only outside. *(d)* Everything,
# in both. Write your guess down before you go on.

# %% tags=["nbval-check-output"]
my_guess = "?"  # "a", "b", "c" or "d"
print("Your guess is kept; the figure of the first experiment answers it.")

# %% [markdown]
# ## Smallest case
#
# **One line.** Layers $\mathrm{diag}(2,1)$ (heads) or $\mathrm{diag}(1,2)$ (tails) commute. The
# distance that counts is $d(o,go)=\log s_1/s_2$, the ratio of the singular values of $g$; so
# $d(o,u(n)o)=\log 2\cdot|\text{heads}-\text{tails}|$. After H, H, T, H: $1,2,1,2$ times $\log 2$.
# With heads of probability $p$ the speed tends to $|2p-1|\log2$.
#
# **One number.** The number $e$ has the continued-fraction digits $2,1,2,1,1,4,1,1,6,\dots$ Put each
# digit $a$ into $\begin{pmatrix}a&1\\1&0\end{pmatrix}$ and multiply. Slope of the first column:
#
# | $n$ | digit | inside | outside |
# |---|---|---|---|
# | 1 | 2 | 2 | 2 |
# | 2 | 1 | 3/1 | 3/2 |
# | 3 | 2 | 8/3 = 2.667 | 8/3 = 2.667 |
# | 4 | 1 | 11/4 = 2.75 | 11/8 = 1.375 |
# | 5 | 1 | 19/7 = 2.714 | 19/11 = 1.727 |
# | 6 | 4 | 87/32 = 2.7188 | 87/19 = 4.579 |
#
# The same matrices, two orders. Look at what the last digit does to each path.


# %%
def products(layers, orbit=backward_orbit):
    """Products of the first 0 … n layers, (n, runs, d, d), in one of the two orders."""
    _, runs, d, _ = layers.shape
    unit_vectors = torch.eye(d, **real)[:, None].expand(d, runs, d)
    maps = AffineMap(layers, torch.zeros_like(layers[..., 0]))  # x ↦ Ax
    columns = orbit(maps, unit_vectors)  # where they go: (n + 1, d, runs, d)
    return columns.movedim(1, -1)  # (n + 1, runs, d, d)


digits = [2, 1, 2, 1, 1, 4, 1, 1, 6, 1, 1, 8, 1, 1, 10]
matrices = torch.tensor([[[a, 1], [1, 0]] for a in digits], **real)
one_run = matrices[:, None]  # (15, 1, 2, 2)
inside = products(one_run, backward_orbit)[1:, 0]  # A_1 ⋯ A_n for n = 1 … 15
outside = products(one_run, forward_orbit)[1:, 0]  # A_n ⋯ A_1
slope_inside = inside[:, 0, 0] / inside[:, 1, 0]
slope_outside = outside[:, 0, 0] / outside[:, 1, 0]
pages.show_convergents(digits, slope_outside, slope_inside, math.e)

# %% tags=["nbval-check-output"]
denominators = inside[:, 1, 0]  # q
scaled = denominators**2 * (slope_inside - math.e).abs()
lesson.claim("limits/convergents").holds(
    scaled[:9], below=1
)  # later gaps are round-off
lesson.claim("limits/last-digit").agrees(
    slope_outside[2:].floor(), digits[2:], atol=1e-9
)

# %% [markdown]
# Inside, the first digits stay outermost and decide; a new one corrects the far end. Outside, the
# newest digit is the whole part. Both products grow alike: they are transposes of each other.
#
# ## Theory
#
# A **cocycle**: random maps $\varphi(\omega),\varphi(S\omega),\dots$ ($S$ shifts the list of layers)
# and $u(n)=\varphi(\omega)\varphi(S\omega)\cdots\varphi(S^{n-1}\omega)$. The list is *stationary*
# (shifted, it has the same law) and *ergodic* (means over depth are the same in every run);
# independent layers of one law are both.
#
# **Assumptions.** Each layer is nonexpansive, $d(\varphi x,\varphi y)\le d(x,y)$, in one metric $d$,
# and $E\,d(o,\varphi o)<\infty$.
#
# **Drift** (Kingman; the paper's starting point). The **drift** $\ell=\lim_n d(o,u(n)o)/n$ exists
# with probability one. Why: the distance is *subadditive*. With $u'$ the later layers,
#
# $$d(o,u(n+m)o)\le d(o,u(n)o)+d(u(n)o,u(n)u'(m)o)$$
#
# by the triangle inequality, and the last term is at most $d(o,u'(m)o)$: nonexpansiveness.
#
# **Metric functional** (Karlsson–Ledrappier, Gouëzel–Karlsson; used in the paper). A *metric
# functional* is a pointwise limit of $x\mapsto d(x,y)-d(o,y)$ as $y$ moves. With probability one
# there is one, $h$, with $-h(u(n)o)/n\to\ell$. It never falls faster than the distance grows,
# $|h(x)|\le d(o,x)$; so if $\ell>0$ it is a direction in which the product escapes. With new
# layers outside there is in general no one $h$ for all $n$.
#
# **In the hyperbolic plane** the metric functionals that matter are *Busemann functions*
# $h_\xi(x)=\log\frac{|\xi-x|^2}{1-|x|^2}$ of a boundary point $\xi$ of the disc; their level sets are
# circles that touch the rim in $\xi$. Invertible 2×2 matrices act as isometries, and Gaussian ones
# have a finite mean step: everything applies.
#
# <details><summary>Derivation: the functional is a sum, and ℓ = log 2</summary>
#
# A boundary point is a line in the plane, spanned by a unit vector $v$, and
# $h(go)=2\log\|g^{-1}v\|+\log|\det g|$. Let $v_0$ span the limit of the directions of
# $A_1\cdots A_n$, and $v_k$ that of $A_{k+1}A_{k+2}\cdots$. Then $A_kv_k$ is a multiple of
# $v_{k-1}$, hence $u(n)^{-1}v_0=\pm v_n/\|A_1v_1\|\cdots\|A_nv_n\|$ and
# $$-h(u(n)o)=\sum_{k\le n}t_k,\qquad t_k=2\log\|A_kv_k\|-\log|\det A_k|.$$
# For Gaussian layers $v_k$ does not depend on $A_k$: the $t_k$ are independent, each distributed as
# $\tfrac12(\log\chi^2_2-\log\chi^2_1)$, with mean $\tfrac12(\psi(1)-\psi(\tfrac12))=\log2$ and
# variance $\pi^2/6$ ($\psi$ is the digamma function). With $w_n$ the right singular vector,
# $d+h\to-2\log|\langle w_n,v_n\rangle|$, a uniform angle: mean $2\log2$. And the angle to the limit
# is about $e^{-d}$, typically $e^{-\ell(n+2)}$.
#
# For larger matrices, replace $v_k$ by a full frame (QR from the far end). Terms
# $\log R_{jj}$ have means $\lambda_j$, the **Lyapunov exponents**; on positive definite matrices
# with the affine-invariant metric, $d(I,gg^\top)=2\|\log s(g)\|$ and $\ell=2\sqrt{\sum_j\lambda_j^2}$.
# </details>
#
# | symbol | meaning | in code |
# |---|---|---|
# | $u(n)$ | product, new layer inside | `products(layers)` |
# | $o$, $d$ | base point, hyperbolic distance | `metrics.hyperboloid_distance` |
# | $-h(u(n)o)$ | functional along the product | `functional`, sums of `log_growths` |
# | $\ell$ | drift | `dynamics.drift` |
# | $\lambda_j$ | Lyapunov exponents | `dynamics.lyapunov.gaussian_spectrum` |
#
# ## Experiment: one speed, one direction
#
# On the left, distance and functional per layer; look at which is flat. On the right, directions;
# look at which falls.


# %%
def walk(layers, orbit=backward_orbit):
    """Where the products carry o: points of the hyperboloid, (n + 1, runs, 3)."""
    log_dets = torch.linalg.det(layers).abs().log().cumsum(0)  # of the products
    log_dets = torch.cat([torch.zeros_like(log_dets[:1]), log_dets])
    return metrics.matrix_to_hyperboloid(products(layers, orbit), log_dets)


more_layers = torch.randn(steps + 40, runs, 2, 2, generator=stream, **real)
layers = more_layers[:steps]  # the other 40 are for the limit
points = walk(layers)
o = torch.tensor([1.0, 0.0, 0.0], **real)
distance = metrics.hyperboloid_distance(points, o)  # d(o, u(n)o): (steps + 1, runs)

# log ‖A_k v_k‖, and what is left of log |det A_k|, by QR from the far end.
growths, _ = dynamics.lyapunov.log_growths(more_layers.flip(0), every=1)
growths = growths.flip(0)[:steps]
terms = growths[..., 0] - growths[..., 1]  # t_1 … t_steps
functional = torch.cat([torch.zeros_like(terms[:1]), terms.cumsum(0)])  # −h(u(n)o)

# %%
limit = dynamics.drift.limiting_directions(more_layers)[-1]  # v_0: (runs, 2)
directions_inside = dynamics.drift.limiting_directions(layers[:24])
angle = dynamics.drift.projective_angle(directions_inside, limit)  # for n = 1 … 24
directions_outside = dynamics.drift.limiting_directions(layers, backward=False)
turn = dynamics.drift.projective_angle(directions_outside[1:], directions_outside[:-1])
ell = math.log(2)
pages.show_drift(distance, functional, angle, turn, ell)

later = metrics.hyperboloid_distance(walk(more_layers[15:40])[-1], o)  # d(o, u′(25)o)
lesson.claim("limits/subadditive").holds(
    distance[40] - distance[15] - later, below=1e-9
)
excess = (distance - functional)[1:]
lesson.claim("limits/functional-below-distance").holds(excess, above=-1e-9)
cos, sin = limit[:200].unbind(-1)
xi = torch.stack([cos**2 - sin**2, 2 * cos * sin], -1)  # ξ, at twice the angle of v_0
h = metrics.hyperboloid_busemann(points[3, :200], xi)
lesson.claim("limits/functional-identity").agrees(-h, functional[3, :200], atol=1e-6)

# %% [markdown]
# The answer to *Predict* is (b). The functional is flat from the first layer on; the distance comes
# down to it as $\ell+(2\log2)/n$. A single run strays from $\ell$ by about $1.28/\sqrt n$: one deep
# product does not show two digits of its drift. On the right, blue turns never get smaller: a fresh
# Gaussian matrix sends any direction anywhere.
#
# Three claims are asserted above because they hold in *every* run: subadditivity, $-h\le d$, and
# that $h$ is the sum of the terms $t_k$. Now the means; the tolerance is four standard errors over
# runs. Distances are read from $n=20$ on and directions from $n=10$ on, where what is left of the
# start (of the order $e^{-n/4}$) is below these errors. Last come 4×4 matrices, whose covariances
# $u(n)u(n)^\top$ drift through the positive definite matrices.

# %% tags=["nbval-check-output"]
speed = dynamics.drift.drift(points, metrics.hyperboloid_distance, start=20)
lesson.claim("limits/drift").agrees(speed, ell)
outer_points = walk(layers, forward_orbit)
outer_speed = dynamics.drift.drift(outer_points, metrics.hyperboloid_distance, start=20)
lesson.claim("limits/order-free-drift").agrees(outer_speed, ell)

means = {n: mean_and_stderr(functional[n]) for n in (1, 10, 40, steps)}
lesson.claim("limits/functional-drift").agrees(means, {n: n * ell for n in means})
lesson.claim("limits/excess").agrees(mean_and_stderr(excess[-1]), 2 * ell)
spread = estimates.variance_and_stderr(functional[-1] / steps**0.5)
lesson.claim("limits/fluctuation").agrees(spread, math.pi**2 / 6)

angle_16 = angle[15].clamp(min=1e-17)  # 0 if lost in round-off
slope = (angle_16 / angle[9]).log() / 6  # from n = 10 to n = 16
lesson.claim("limits/backward-direction").agrees(mean_and_stderr(slope), -ell)
turns = {n: mean_and_stderr(turn[n - 1]) for n in (2, 10, 40)}
lesson.claim("limits/forward-direction").agrees(turns, math.pi / 4)

# %% tags=["nbval-check-output"]
four = torch.randn(60, runs, 4, 4, generator=stream, **real)
growths, _ = dynamics.lyapunov.log_growths(four.flip(0), every=1)
per_layer = growths.flip(0)[:40].mean(0)  # (runs, 4)
exponents = dynamics.lyapunov.gaussian_spectrum(4, 1.0).to(lesson.device)  # λ_1 … λ_4
lesson.claim("limits/gaussian-spectrum").agrees(
    mean_and_stderr(per_layer, dim=0), exponents
)
falls = mean_and_stderr(per_layer @ (2 * exponents / exponents.norm()))  # of −h/n
lesson.claim("limits/spd-functional").agrees(falls, dynamics.drift.spd_drift(exponents))

# %% [markdown]
# So speed is blind to the order, and $h$ is not. A network's forward pass puts new layers *outside*:
# what the last layer shows keeps turning. The gradient at the input, $J_1^\top J_2^\top\cdots
# J_n^\top g$ ($J_k$ is the Jacobian of layer $k$), puts them *inside*: as a random network deepens,
# its direction settles, slowly if the layers are wide (a consequence, not tested here).
#
# ## Experiment: the layers of a trained network
#
# No theorem covers a trained network: its layers are neither independent nor stationary, there are
# eight of them, and one network is one sample. The same quantities can be measured at finite depth.
# We train networks of constant width on scikit-learn's digits, and read off
#
# - the log singular values per layer of the product of their square weight matrices: an isometry of
#   the positive definite matrices, without the nonlinearity;
# - the mean log distance of two test images after each layer, of one digit or of two: with it, but
#   such layers may expand, so no theorem applies.
#
# Do the layers of one network *work together*? To see, we also **mix**: for each $k$, layer $k$
# comes from another network. For independent layers mixing changes nothing. Look at the leading
# directions on the left, and at the four slopes on the right. Four claims follow, each judged by
# four standard errors over networks: mixing changes nothing before training and lowers the top
# growth after it; then images of two digits move apart, and images of one digit less so.

# %%
net = nets.MLP([64] + [width] * (depth + 1) + [10], activation="tanh")
inputs, labels = datasets.load("digits", split="train").tensors(lesson.device)
untrained = 3**0.5 * net.init(stream, replicas=(num_nets,))  # variance 1/fan-in
shape = (num_updates, num_nets, 32)
batches = torch.randint(len(inputs), shape, generator=stream, device=lesson.device)
updates = rules.sgd_maps(net, inputs, labels, batches, lr=0.1)
trained = forward_orbit(updates, untrained, at=[num_updates])[0]
nets_by_name = {"untrained": untrained, "trained": trained}  # (num_nets, parameters)

growth = {}  # log singular values per layer, (num_nets, width)
for name, theta in nets_by_name.items():
    square = net.layers(theta)[1:-1]  # (weight, bias) of each, for all networks
    own = torch.stack([weight for weight, _ in square]).double()
    # Mixed, layer k is that of the network k places before.
    mixed = torch.stack([weight.roll(k, 0) for k, weight in enumerate(own)])
    for label, stack in {name: own, f"{name}, mixed": mixed}.items():
        product = products(stack, forward_orbit)[-1]
        growth[label] = torch.linalg.svdvals(product).log() / depth

# %%
images, digit = datasets.load("digits", split="test").tensors(lesson.device)
same = digit == digit[:, None]
pairs = {"one class": same.triu(1), "two classes": ~same}
apart = {}  # mean log distance after each layer, (depth + 1, num_nets)
for name, theta in nets_by_name.items():
    x = images
    hidden = []
    for weight, bias in net.layers(theta)[:-1]:
        x = torch.tanh(x @ weight.mT + bias[:, None])  # (num_nets, images, width)
        hidden.append(x.double())
    hidden = torch.stack(hidden)
    log_distance = torch.cdist(hidden, hidden).log()
    for label, chosen in pairs.items():
        apart[f"{name}, {label}"] = log_distance[..., chosen].mean(-1)
pages.show_networks(growth, apart)

# %% tags=["nbval-check-output"]
top = {label: values[:, 0] for label, values in growth.items()}
gap = mean_and_stderr(top["untrained"] - top["untrained, mixed"])
lesson.claim("limits/mixing-untrained").agrees(gap, 0.0)
gap = mean_and_stderr(top["trained"] - top["trained, mixed"])
lesson.claim("limits/mixing-trained").holds(gap, above=0)

slope = {label: (values[-1] - values[0]) / depth for label, values in apart.items()}
two = slope["trained, two classes"]
lesson.claim("limits/trained-apart").holds(mean_and_stderr(two), above=0)
gap = mean_and_stderr(two - slope["trained, one class"])
lesson.claim("limits/trained-together").holds(gap, above=0)

# %% [markdown]
# Three findings, ours and for this one architecture. Training raises the five or so leading
# singular values of the product and leaves the others. Much of that is agreement between layers of
# one network: mixed, the *same* matrices stretch less at the top and more further down. And the one drift of
# distances splits in two: untrained layers draw all images together at one rate; trained ones draw
# together images of one digit and move apart those of different digits.
#
# A warning: the drift of the whole product, $2\|\log s\|/n$, moves little, since the smallest
# singular values dominate it. A geometrically natural number need not be the one that matters.
#
# ## Explore
#
# *Poincaré disc*: walk with the new layer inside, then switch it to the outside; the star is the
# limit point, the circles are level sets of $h$. With little stretch, how far must you go to see a
# drift? *Signal in depth*: find the variance at which the typical signal survives, and see what
# the mean square does there. Without a kernel you see the first picture of each.

# %% tags=["nbval-ignore-output"]
lesson.explore.chapter().show()

# %% [markdown]
# ## Break an assumption
#
# **No drift, or none that exists.** Orthogonal layers fix $o$. Random turns and steps of length 1 in
# the *flat* plane are isometries too, but $d\approx\sqrt n$: $\ell=0$, and no direction. The same
# turns and steps in the hyperbolic plane drift at $2\log\cosh\frac12$: it is curvature that makes
# random layers escape. And without a finite mean step (Cauchy's law on a line) there is no drift at
# all. Look for the level curves, the falling ones, and the ones that jump; the claims compare means
# over runs with these formulas, to four standard errors.

# %%
angles = math.pi * torch.rand(400, runs // 4, generator=stream, **real)
entries = [angles.cos(), -angles.sin(), angles.sin(), angles.cos()]
spin = torch.stack(entries, -1).unflatten(-1, (2, 2))  # (400, runs / 4, 2, 2)
moved = metrics.hyperboloid_distance(walk(spin), o)
lesson.claim("limits/orthogonal").agrees(moved, 0.0, atol=1e-9)

# A spin turns the hyperbolic plane by twice its angle; the stretch moves o by 1.
stretch = torch.diag(torch.tensor([0.5, -0.5], **real).exp())
curved = metrics.hyperboloid_distance(walk(spin @ stretch), o)
rotation = spin @ spin
turn_and_step = AffineMap(rotation, rotation[..., 0])  # x ↦ rotation · (x + e_1)
flat = backward_orbit(turn_and_step, torch.zeros(runs // 4, 2, **real)).norm(dim=-1)
cauchy_steps = (angles + math.pi / 2).tan()
line = torch.cat([torch.zeros_like(angles[:1]), cauchy_steps.cumsum(0)]).abs()

# %%
speed = 2 * math.log(math.cosh(0.5))
walks = {"hyperbolic plane": curved, "flat plane": flat, "line, Cauchy steps": line}
pages.show_walks(walks, speed)
curved_speed = mean_and_stderr((curved[400] - curved[200]) / 200)
lesson.claim("limits/curved-walk").agrees(curved_speed, speed)
lesson.claim("limits/flat-walk").agrees(mean_and_stderr(flat[400] ** 2 / 400), 1.0)
far = {n: estimates.share_and_stderr(line[n] / n > 1) for n in (10, 400)}
lesson.claim("limits/no-mean").agrees(far, 0.5)

# %% [markdown]
# **Layers that may expand.** A ReLU layer $x\mapsto\max(Wx,0)$ with Gaussian $W$ is no isometry, and
# no metric we know makes all of them nonexpansive. What is left is a sum: without biases
# $\log\|x_L\|$ adds up independent terms, so $\frac1L\log\|x_L\|\to\lambda$. He's variance
# $\sigma^2=2/n$ keeps the *mean square*, but $\lambda<0$, with $n\lambda\to-\frac54$: at depth $n$
# the typical signal has shrunk to $e^{-5/4}$ of its length. (With $N$ active units $\|x\|^2$ is
# multiplied by $\sigma^2\chi^2_N$; hence $\lambda=\log\sigma+\frac12\log2+\frac12E[\psi(N/2)\mid N\ge1]$: a layer
# with none, of probability $2^{-n}$, is left out.) Compare the lines. Means over networks are asserted
# to four standard errors; the last claim compares closed forms with the limit.

# %%
units = 32  # width n
x = torch.ones(2 * runs, units, **real) / units**0.5
options = {"bias": False, "generator": stream}
he = dynamics.random_layers.random_pair(x, -x, 40, init="he", **options).norm
critical = units * dynamics.relu.critical_variance(units)
kept = dynamics.random_layers.random_pair(x, -x, 40, init=critical, **options).norm
pages.show_norms(he, kept, units, critical)

exponent = dynamics.relu.lyapunov_exponent  # λ, at He's variance
he_rate = mean_and_stderr(he[40].log() / 40)
lesson.claim("limits/relu-exponent").agrees(he_rate, exponent(units))
lesson.claim("limits/relu-critical").agrees(mean_and_stderr(kept[40].log() / 40), 0.0)
lesson.claim("limits/relu-mean-square").agrees(mean_and_stderr(he[8] ** 2), 1.0)
rest = {n: n * abs(n * exponent(n) + 5 / 4) for n in (64, 256, 1024)}
lesson.claim("limits/relu-width").holds(rest, below=4)

# %% [markdown]
# What fails, and why: zero drift promises no direction, a missing mean leaves no drift, and where
# layers expand, a mean over networks may say the opposite of what a network does. At depth 40 one
# network in a hundred carries most of the mean square, and an estimated standard error can be far
# too small. That is why the claim on it stops at depth 8.
#
# ## Your turn
#
# `lesson.hint(1, 1)` to `lesson.hint(1, 3)` help; `lesson.reveal(1)` shows a solution. A check never stops
# the notebook.

# %% [markdown] tags=["exercise:04.1"]
# ### Exercise 04.1 · A biased coin
#
# Layers are $\mathrm{diag}(2,1)$ with probability ¾, else $\mathrm{diag}(1,2)$. Set `coin` to the
# drift.

# %% tags=["answer:04.1"]
coin = ...  # SOLUTION

# %% tags=["check:04.1"]
lesson.check(1, coin)

# %% [markdown] tags=["exercise:04.2"]
# ### Exercise 04.2 · What He's rule keeps
#
# ReLU layers of width $n$ with weights of variance $2/n$ keep $E\|x_L\|^2$. What follows for a
# network much deeper than wide? Answer with a letter.

# %% tags=["answer:04.2"]
letter = ...  # SOLUTION

# %% tags=["check:04.2"]
lesson.check(2, letter)

# %% [markdown] tags=["exercise:04.3"]
# ### Exercise 04.3 · How far a product carries
#
# `distances(matrices)`: `(n, 2, 2)`, float64; returns `(n + 1,)`, the numbers $\log s_1/s_2$ of
# $A_1\cdots A_k$ for $k=0,\dots,n$, right also for $n=600$. `[[2, 1], [1, 0]]` and `[[1, 1], [1, 0]]`
# give 0, 1.7627, 2.7036.


# %% tags=["answer:04.3"]
def distances(matrices):
    """Returns d(o, A_1 ⋯ A_k o) = log s_1/s_2 for k = 0 … n."""
    # SOLUTION


# %% tags=["check:04.3"]
lesson.check(3, distances)

# %% [markdown]
# See afterwards: `distances` of 600 Gaussian matrices, divided by 600. How many digits of $\log2$ do
# you expect to see, and how many do you see?

# %% [markdown] tags=["exercise:04.4"]
# ### Exercise 04.4 · The functional, term by term
#
# `functional_terms(matrices, vector)`: `(n, 2, 2)` and a vector `(2,)` at the far end; returns `(n,)`,
# $t_k=2\log\|A_kv_k\|-\log|\det A_k|$ with $v_n=v/\|v\|$ and $v_{k-1}=A_kv_k/\|A_kv_k\|$.
# `diag(2, 1)`, `diag(1, 2)` and `(3, 0)` give $(\log2,-\log2)$.


# %% tags=["answer:04.4"]
def functional_terms(matrices, vector):
    """Returns t_k = 2 log‖A_k v_k‖ − log|det A_k|, k = 1 … n, from v_n = v/‖v‖ on."""
    # SOLUTION


# %% tags=["check:04.4"]
lesson.check(4, functional_terms)

# %% [markdown]
# See afterwards: start from two different vectors. After how many layers, counted from the far end,
# do the terms agree? That is why 40 extra layers were enough above.

# %% [markdown] tags=["exercise:04.5"]
# ### Exercise 04.5 · The drift of a random number
#
# The matrices of the digits of $e$ have a drift; so have those of a *random* number, and it is the
# same for almost all numbers (Lévy). Measure it within 2 % and set `levy` to it. The golden ratio,
# whose digits are all 1, has 0.9624. Floats have too few digits: use Python's integers.

# %% tags=["answer:04.5"]
# BEGIN SOLUTION
import random

draw = random.Random(0)


def one_drift(bits=2000, num_digits=900):
    """The drift over the first digits of one random number above 1."""
    x, y = 2**bits, draw.getrandbits(bits)
    newest, before = 1, 0  # top of the first column, of the last two products
    count = 0
    while y and count < num_digits:
        digit = x // y
        x, y = y, x % y
        newest, before = digit * newest + before, newest
        count += 1
    return 2 * math.log(newest) / count


levy = sum(one_drift() for _ in range(20)) / 20
# END SOLUTION

# %% tags=["check:04.5"]
lesson.check(5, levy)

# %% [markdown]
# See afterwards: the digits themselves have no finite mean. Which mean does Kingman's theorem need?

# %% [markdown] tags=["exercise:04.6"]
# ### Exercise 04.6 · Why a drift exists, and why inside
#
# Let the layers be independent with one law, nonexpansive, with $E\,d(o,\varphi o)<\infty$. Prove
# that $E\,d(o,u(n)o)/n$ converges. Where is nonexpansiveness used? Why is the limit the same in both
# orders, and why can one functional in general follow $u(n)o$ only if new layers go inside? About ten
# lines; then `lesson.reveal(6)`.

# %% [markdown] tags=["answer:04.6"] points=4
# SOLUTION

# %% [markdown]
# ## At full scale
#
# The paper's own experiments belong to chapter 5. Here the full profile has five times as many runs,
# three times as many networks and twice the training. What it gave once, on the machine named:

# %%
lesson.full_scale()

# %% [markdown]
# Repeat it with `bsgd run 04 --profile full`.
#
# ## Claims of this chapter
#
# Where many numbers were compared, the one furthest off is shown. "Paper" marks what Avelin and
# Karlsson's setting asserts in general; the examples are ours throughout.

# %%
lesson.claims_table()

# %% [markdown]
# ## Five lines to remember
#
# 1. Nonexpansive random layers have a drift $\ell=\lim d(o,u(n)o)/n$; if they are independent, it is
#    the same in both orders.
# 2. With new layers inside, one metric functional $h$ follows the product: $-h(u(n)o)/n\to\ell$.
# 3. $h$ turns a subadditive distance into a sum of stationary terms; so exponents can be computed.
# 4. $\ell>0$ gives a limiting direction, $\ell=0$ promises none; strict contraction (chapter 1) a point.
# 5. He's layers keep the mean square and lose the typical signal at a depth of about the width.
#
# ### Further reading
#
# A. Karlsson, *From linear to metric functional analysis* (2021), for the idea of metric functionals;
# A. Crisanti, G. Paladin and A. Vulpiani, *Products of Random Matrices in Statistical Physics*
# (1993); B. Hanin and M. Nica, *Products of many large random matrices and gradients in deep neural
# networks* (2020), for depth over width. Next: chapter 5 asks *where* in depth two inputs become one.
#
# ### Versions
#
# The last line of the index page that `bsgd run` writes names the versions it ran with; the course
# pins them in `constraints.txt`.
