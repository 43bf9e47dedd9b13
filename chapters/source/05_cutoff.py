# %% [markdown]
# # 5 · Cut-off in depth
#
# **To an observer of finite precision, two inputs of a random network look different for a
# predictable number of layers and the same from a few layers later on: a cut-off. Which depth that
# is, and whether it is sharp, is decided by the bias, the initialisation and what is observed.**
#
# *Source.* B. Avelin and A. Karlsson, *Deep limits and a cut-off phenomenon for neural networks*,
# JMLR 23 (2022) 1–29, arXiv [2104.10727](https://arxiv.org/abs/2104.10727). It reports "a surprising
# cut-off phenomenon" in depth at the random initialisation of standard networks. Which quantities it
# plots, at which widths, is **not known to us**: the four observables, the mechanism and all settings
# below are ours. The definition of a cut-off is the classical one (D. Aldous and P. Diaconis 1986).
#
# *You need:* chapters 1 and 3, the normal distribution. *Time:* about 90 minutes, 60 of them
# exercises. *Hardware:* any computer; the quick profile runs in well under a minute on one core.

# %% tags=["parameters"]
profile = "quick"  # or "full": 8 times as many networks, 4 times as many trainings
seed = 0
device = "auto"

# %% tags=["setup"]
import math
from functools import partial

import torch

from bsgd_edu import datasets, metrics, nets, rules
from bsgd_edu.course import begin
from bsgd_edu.dynamics import cutoff, mixing, random_layers, relu
from bsgd_edu.estimates import gap_and_stderr, mean_and_stderr
from bsgd_edu.maps import AffineMap, forward_orbit
from bsgd_edu.seeding import generator

lesson = begin("05_cutoff", profile=profile, seed=seed, device=device)
pages, real = lesson.pages, lesson.real  # real: float64, on the device
times = 8 if lesson.full else 1  # as many networks
# pair(width, depth, networks) sends two unrelated Gaussian inputs through each network:
# their distance, angle and norm at each depth, (depth + 1, networks) each
pair = partial(lesson.runs.gaussian_pair, seed=seed, device=lesson.device)

# %% [markdown]
# ## Predict
#
# Take two unrelated inputs, Gaussian vectors of length about 11 in 128 dimensions, so about 16 apart.
# Send both through fully connected ReLU layers just as `torch.nn.Linear` initialises them, bias
# included. An observer sees the output with Gaussian noise of size $\tau=10^{-4}$ and says which of
# the two it was. Let $S$ be 1 when that always succeeds and 0 when it is guesswork. How does $S$
# depend on the number of layers?
#
# *(a)* It falls from the first layer on, by the same share at each. *(b)* It stays at 1 for about
# ten layers and is nearly 0 some five layers later. *(c)* It stays near 1 at any depth. And
# what changes if you remove the bias?

# %% tags=["nbval-check-output"]
my_guess = "?"  # "a", "b" or "c"
print("Your guess is kept; the first experiment answers it.")

# %% [markdown]
# ## Smallest case
#
# One neuron, always on, with weight $\tfrac12$: two inputs at distance 1 are $2^{-L}$ apart after $L$
# layers. Nothing could be smoother. Now blur the output with noise $N(0,\tau^2)$. Two Gaussians with
# means $|\Delta|$ apart differ in total variation by
#
# $$S_\tau = 2\Phi\!\left(\frac{|\Delta|}{2\tau}\right)-1,$$
#
# where $\Phi$ is the normal distribution function. This is the best observer's lead over guessing: it
# is right with probability $\tfrac12(1+S_\tau)$. With $\tau=2^{-10}$, by hand from a table of $\Phi$:
#
# | $L$ | 5 | 8 | 9 | 10 | 11 | 12 |
# |---|---|---|---|---|---|---|
# | gap over $\tau$ | 32 | 4 | 2 | 1 | ½ | ¼ |
# | $S_\tau$ | 1.000 | .954 | .683 | .383 | .197 | .099 |
#
# Below: on the left, look at how *long* each fall takes; on the right, the same in units of
# $L^*=\log_2(1/\tau)$. Two claims follow: the table, to the three digits given; and the definition of
# a cut-off at $L^*$, at 10 % before and after, up to $10^{-6}$ when $\tau=2^{-640}$.

# %%
depths = torch.arange(81, dtype=torch.float64)
gap = 0.5**depths
distance = gap[:, None]  # (81 depths, 1 network)
seen = {bits: cutoff.separation(distance, 2.0**-bits) for bits in (10, 40)}
pages.show_one_neuron(depths, gap, seen)

by_hand = {5: 1.0, 8: 0.954, 9: 0.683, 10: 0.383, 11: 0.197, 12: 0.099}
measured = {depth: seen[10][depth] for depth in by_hand}
lesson.claim("cutoff/one-neuron").agrees(measured, by_hand, atol=5e-4)

# At τ = 2^-640 the location is 640: 10 % before it and 10 % after it
around = torch.tensor([[0.5**576], [0.5**704]], dtype=torch.float64)
before, after = cutoff.separation(around, 2.0**-640)
lesson.claim("cutoff/definition").agrees([before, after], [1.0, 0.0], atol=1e-6)

# %% [markdown]
# The gap itself is halved by the first layer: no cut-off there. The *saturating* separation waits for
# $L^*$ and falls in a window of about four layers, however small $\tau$ is. A cut-off is a statement
# about an observer as much as about a system.
#
# ## Theory
#
# **Definition** (from the literature on Markov chains). Distances $d_n(t)\in[0,1]$ have a **cut-off**
# at $t_n$ if, for every $\varepsilon>0$, $d_n((1-\varepsilon)t_n)\to1$ and
# $d_n((1+\varepsilon)t_n)\to0$ as $n\to\infty$. Here time is depth, and what tends to infinity is
# $\log(d_0/\tau)$. We report $L(q)$, the depth from which $S_\tau\le q$; sharp means $L(.1)/L(.9)$
# close to 1.
#
# **Mechanism** (ours). The log-distance is nearly a random walk,
# $\log|\Delta_L|\approx N(\log d_0+\lambda L,\ vL)$ with $\lambda<0$. Hence
#
# $$L^*=\frac{\log(d_0/\tau)}{|\lambda|},\qquad
# \text{window}\approx\frac{\max(1,\sqrt{vL^*})}{|\lambda|}.$$
#
# The first part of the window is $S$'s own width, the second the spread between networks. Relative to
# $L^*$ both vanish as $\log(d_0/\tau)\to\infty$: like its inverse as long as $vL^*<1$, like the inverse
# of its root from there on.
#
# **The rate.** Let weights have variance $s/n$. A layer multiplies $|\Delta|^2$ by $s/n$ times a
# $\chi^2$ variable with $N\sim\mathrm{Bin}(n,\tfrac12)$ degrees of freedom, so
# $\lambda\approx\tfrac12\log\tfrac s2-\tfrac5{4n}$ and $v\approx\tfrac5{4n}$. PyTorch's default has
# $s=\tfrac13$: $\lambda\approx-\tfrac12\log6=-.896$. He's has $s=2$: only $-\tfrac5{4n}$ is left.
#
# <details><summary>Why the bias does not enter the rate of the distance, and decides the angle</summary>
#
# Two close inputs have the same neurons on, and the bias drops out of their difference. The mask
# depends on the bias, but flip the signs of a neuron's weights and bias: its law and the size of its
# share of $\Delta$ stay, the mask flips. So the mask is independent of those sizes, with or without
# bias. The *norm* is another matter: $E\|x'\|^2=\tfrac16(\|x\|^2+1)$ with bias, which settles
# at $\tfrac15$, and $\tfrac16\|x\|^2$ without, which dies at the rate of the distance. So
# with bias the angle, about $|\Delta|$ over a constant norm, falls like the distance. Without it, both
# die at one rate, and the angle, which compares them, hardly falls.
#
# </details>
#
# **The first layers.** Unrelated inputs approach faster than close ones. For infinite width the
# squared norm $q$ and the cosine $c$ obey
# $c\mapsto\kappa\!\left(\tfrac{qc+1}{q+1}\right)$, $q\mapsto\tfrac{q+1}6$, where $\kappa$ is the ReLU
# cosine map. This replaces $d_0$ by an **effective distance**: no free parameter is left.
#
# | symbol | in code |
# |---|---|
# | $S_\tau$, $L(q)$ | `cutoff.separation`, `cutoff.depths` |
# | $\lambda$, $v$ | `relu.lyapunov_exponent(n, s / n)`, `relu.log_norm_variance(n)` |
# | predicted $S_\tau$ | `cutoff.predicted_separation` |
# | $L(.1)/L(.9)$ | `cutoff.relative_window` |
# | $\kappa$, and the same on angles | `relu.cosine_map`, `relu.angle_map` |
# | depth of round-off | `cutoff.roundoff_depth` |
#
# ## Experiment: four observables
#
# Default networks with bias, three widths. Distance $|\Delta_L|$ and angle of two Gaussian inputs; the
# separation at $\tau=10^{-4}$; and the **oscillation** (largest minus smallest value) of a decision
# function on 40 digits: a random unit vector read off after $L$ layers. Pixels first go through a
# random matrix to reach the width. Look for a plateau.

# %%
even = range(0, 31, 2)  # the depths at which digits are looked at
pixels = datasets.load("digits").inputs[:40].to(**real)  # (40, 64)
pairs, swings = {}, {}
for n in (16, 64, 256):
    pairs[n] = pair(n, 60, 48 * times)
    stream = lesson.stream("digits", n)
    # Each network has two matrices: one embeds the pixels, a row of the other reads off
    draws = torch.randn(2, 24 * times, 64, n, generator=stream, **real)
    embed = draws[0] / n**0.5
    direction = torch.nn.functional.normalize(draws[1, :, :1], dim=-1)
    cloud = random_layers.random_cloud(pixels @ embed, 30, generator=stream, at=even)
    swings[n] = metrics.oscillation((cloud * direction).sum(-1))  # (depths, networks)
seen = {n: cutoff.separation(orbit.distance, 1e-4) for n, orbit in pairs.items()}
pages.show_observables(pairs, seen, swings, at=even, slope=-0.5 * math.log(6))

# %%
windows, raw_windows = {}, []
for n, orbit in pairs.items():
    windows[n] = cutoff.relative_window(cutoff.separation(orbit.distance, 1e-12))
    for raw in (orbit.distance, orbit.angle, swings[n]):
        raw_windows.append(cutoff.relative_window((raw / raw[0]).mean(1)))
lesson.claim("cutoff/observed").holds(windows, below=1.25)
lesson.claim("cutoff/raw-has-none").holds(raw_windows, above=5)

rates, slopes, swing_slopes = {}, {}, {}
for n in (64, 256):
    rates[n] = relu.lyapunov_exponent(n, 1 / (3 * n))
    distance, swing = pairs[n].distance, swings[n]  # swing[k] is at depth 2k
    slopes[n] = mean_and_stderr((distance[40] / distance[10]).log() / 30)
    swing_slopes[n] = mean_and_stderr((swing[13] / swing[5]).log() / 16)
lesson.claim("cutoff/slope").agrees(slopes, rates, atol=1e-3)
lesson.claim("cutoff/oscillation").agrees(swing_slopes, rates, atol=1e-3)

# %% [markdown]
# It is (b), for the *separation*. Distance, angle and oscillation fall from the first layer on: each
# has $L(.1)/L(.9)>5$ if read on a linear axis, so whether a paper sees a cut-off depends on what it
# plots. All fall at one rate, the predicted one, hardly dependent on the width. (At $n=16$ we leave
# the comparison out: for uniform weights our formula is right only up to order $1/n^2$.)
#
# ## Experiment: lesson.device, how sharp, and when it is the machine
#
# Width 128. Theory uses $\lambda$, $v$ and the effective distance, nothing fitted. Bottom right, three
# computations of one thing: the difference carried along exactly, and two separate passes in float32
# and in float64, as any real network makes them. Where does each stop falling?

# %%
depths = torch.arange(61)
rate = relu.lyapunov_exponent(128, 1 / (3 * 128))  # λ
variance = relu.log_norm_variance(128)  # v
q, c = 128.0, torch.tensor(0.0, dtype=torch.float64)
for _ in range(12):  # far enough: from here on the rate is constant
    c = relu.cosine_map((q * c + 1) / (q + 1))
    q = (q + 1) / 6
after_twelve = float((2 * q * (1 - c)) ** 0.5)
d_0 = after_twelve * 6 ** (12 / 2)  # effective distance: traced back at that rate

# %%
wide = pair(128, 60, 400 * times)
measured, predicted = {}, {}  # S by depth
measured_depths, predicted_depths = {}, {}  # L(.9), L(.5), L(.1)
for tau in (1e-1, 1e-2, 1e-4, 1e-8, 1e-12, 1e-16, 1e-20):
    measured[tau] = cutoff.separation(wide.distance, tau)
    measured_depths[tau] = cutoff.depths(measured[tau])
    predicted[tau] = cutoff.predicted_separation(depths, rate, variance, d_0, tau)
    predicted_depths[tau] = cutoff.depths(predicted[tau])

passes = {"difference carried along": wide}
for name, dtype in (("float32", torch.float32), ("float64", torch.float64)):
    passes[name] = pair(128, 60, 48 * times, dtype=dtype, tracked=False)
pages.show_location(measured, predicted, measured_depths, predicted_depths, passes)

# %%
whole = {tau: measured_depths[tau][[0, 2]].ceil() for tau in (1e-1, 1e-4)}
lesson.claim("cutoff/location").agrees(whole, {1e-1: [4, 7], 1e-4: [12, 15]}, atol=0.5)
lesson.claim("cutoff/first-layers").agrees(measured_depths, predicted_depths, atol=0.25)
window = cutoff.relative_window(measured[1e-20])
lesson.claim("cutoff/relative-window").holds(window, below=1.1)

float32 = passes["float32"]
floor = (float32.distance / float32.norm).double().mean(1)  # at each depth
unit = torch.finfo(torch.float32).eps  # one unit in the last place
lesson.claim("cutoff/floor").holds(floor[30:], between=(unit / 4, unit))
lost = cutoff.roundoff_depth(floor, torch.ones(61), torch.float32)  # norm 1
due = math.log(d_0 / (8 * unit * 0.2**0.5)) / -rate  # the squared norm settles at 1/5
lesson.claim("cutoff/floor-depth").agrees(lost, due, atol=1)
slope = mean_and_stderr((wide.angle[40] / wide.angle[10]).log() / 30)
lesson.claim("cutoff/bias-angle").agrees(slope, rate, atol=3e-4)

# %% [markdown]
# At $\tau=10^{-1}$ the separation is below .9 from layer 4 and below .1 from layer 7; at $10^{-4}$,
# from layers 12 and 15. Down to $10^{-20}$ the wait grows more than
# tenfold and the fall by less than one layer.
#
# The float32 line stops at about half a unit in the last place, $6\cdot10^{-8}$, from depth 23 or
# so, while the true distance falls on. **A round-off floor is
# not a cut-off, nor its end:** the curve is flat since two passes round differently. We stop reading
# eight units above. Seen from the other side, the machine is itself an observer with
# $\tau\approx10^{-7}\|x\|$: past depth 23 a float32 default network has, in its arithmetic, one output.
#
# ## Experiment: the same profile elsewhere
#
# **Forward SGD** on a parabola, $x_{k+1}=\rho x_k+$ noise (chapter 1), forgets its start. In units of the
# stationary deviation $s$ its mean is $\rho^kD/s$: the one-neuron net again. Started with the
# stationary spread, its total variation from stationarity is *exactly*
# $2\Phi(e^{-c}/2)-1$ at $k=(\log(D/s)+c)/\log(1/\rho)$. **Random bits:** redraw one of $n$ bits at each
# step; the profile is the same at $\tfrac12n\log n+cn$ as $n\to\infty$ (Diaconis, Graham, Morrison
# 1990, for flips). **Cards:** riffle shuffles of a deck of $n$ cut off at $\tfrac32\log_2n$, and in the limit $m$ of
# them leave total variation $2\Phi(n^{3/2}2^{-m}/4\sqrt3)-1$ (Bayer and Diaconis 1992): in other
# letters, the same profile. The simulation uses that the best observer of two equal Gaussians asks
# on which side of the middle $x$ lies. Look left for one curve, right for the famous seven.

# %%
rho, far = 0.8, 1e4  # D = 10^4, in units of s
c = torch.linspace(-3, 4, 15, dtype=torch.float64)
steps = ((math.log(far) + c) / -math.log(rho)).round().int()

stream = lesson.stream("sgd")
draws = torch.randn(62, 20_000 * times, 1, generator=stream, **real)
start = far + draws[0]
stationary, noise = draws[1], draws[2:]
contraction = torch.full((60, 1, 1, 1), rho, **real)  # 60 matrices, shared by all runs
maps = AffineMap(contraction, (1 - rho**2) ** 0.5 * noise)
ends = forward_orbit(maps, start, at=steps.tolist())  # (15, runs, 1)

# The best observer asks on which side of the middle of both means x lies
middle = far * rho ** steps[:, None] / 2
sgd_beyond = ends[..., 0].cpu() > middle  # (15, runs)
stationary_beyond = stationary[:, 0].cpu() > middle
told_apart = gap_and_stderr(sgd_beyond, stationary_beyond)

# %%
c_sgd = steps * -math.log(rho) - math.log(far)  # of whole steps

n = 1000
redraws = (n / 2 * math.log(n) + c * n).int()
bits = mixing.hypercube_total_variation(n, 8000)[redraws]

shuffles = torch.arange(1, 13, dtype=torch.float64)
deck = [mixing.riffle_total_variation(int(m)) for m in shuffles]
c_deck = torch.log(2 * 3**0.5 * 2**shuffles / 52**1.5)

net = measured[1e-8]
c_net = math.log(1e-8 / d_0) - rate * depths
pages.show_bridge((c_sgd, told_apart), (c, bits), (c_deck, deck), (c_net, net))

lesson.claim("cutoff/sgd-profile").agrees(told_apart, mixing.cutoff_profile(c_sgd))
lesson.claim("cutoff/random-bits").agrees(bits, mixing.cutoff_profile(c), atol=7e-3)
table = [0.924, 0.614, 0.334, 0.167, 0.085, 0.043]  # after 5 to 10 shuffles
lesson.claim("cutoff/riffles").agrees(deck[4:10], table, atol=5e-4)
lesson.claim("cutoff/riffle-profile").agrees(
    deck, mixing.cutoff_profile(c_deck), atol=0.03
)

# %% [markdown]
# SGD with a constant learning rate contracts by the same factor at every step, and yet there is a
# moment before which it knows its start and after which it does not. The network is a little flatter
# than the profile: networks differ ($v>0$). That four so different systems share a curve has one
# reason: near the end each is a Gaussian whose mean shrinks by a constant factor. It is not a law:
# other chains have other profiles.
#
# ## Explore
#
# *Depth:* choose width, tolerance, bias, initialisation and arithmetic. Can you make float32 lie about
# a cut-off? Find a setting where the prediction fails, and say why. *Cards, bits, SGD:* let the system
# grow; does the fall get steeper in its own units? Without a kernel you see the first picture of each.

# %% tags=["nbval-ignore-output"]
lesson.explore.chapter().show()

# %% [markdown]
# Two hints: a prediction for close inputs meets inputs that are far apart; and a float32 curve with
# $\tau$ below its floor stays up, or falls by steps, as in narrow networks two passes may come to agree
# to the last bit (chapter 1's coupling, by rounding).
#
# ## Break an assumption
#
# **Bias off.** Now everything shrinks together: the norm dies at the rate $\lambda$, and the distance
# is the norm times $2\sin(\theta_L/2)$. Look at what is left *relative to the norm*, and at the angle
# $\theta_L$ against that of an infinitely wide network, which tends to $3\pi/L$.
#
# **He's initialisation** (no bias). The theory wanted $v$ small against $|\lambda|$; now both are about
# $\tfrac54/n$. The mean square of an output is kept for ever while the *typical* output dies, at
# depth proportional to $n$. Distances are relative to the input's norm. Look below: left, whether
# curves of different widths agree in $L/n$; right, how slowly the window closes.

# %%
bare = pair(128, 60, 400 * times, bias=False)
# Infinitely wide, and no bias: from the right angle of unrelated inputs on
angle = torch.full((61,), math.pi / 2, dtype=torch.float64)
for layer in range(60):
    angle[layer + 1] = relu.angle_map(angle[layer])

# %%
he, he_seen = {}, {}
for n in (64, 32, 16):
    layers = 1700 if n == 16 else 14 * n  # n = 16 goes on until τ = 1e-40 is passed
    he[n] = pair(n, layers, 100 * times, init="he", bias=False)
    he_seen[n] = cutoff.separation(he[n].distance / he[n].norm[0], 1e-3)
narrow = he[16].distance / he[16].norm[0]
alive = he[16].norm[-1] > 0  # networks that do not output exactly 0

he_rate = relu.lyapunov_exponent(16)
he_variance = relu.log_norm_variance(16)
he_depths, he_predicted = {}, {}  # n = 16: L(.9), L(.5), L(.1)
for tau in (1e-1, 1e-2, 1e-3, 1e-6, 1e-12, 1e-20, 1e-40):
    he_depths[tau] = cutoff.depths(cutoff.separation(narrow, tau))
    he_predicted[tau] = cutoff.predicted_depths(he_rate, he_variance, 2**0.5, tau)

falls = {  # measured, predicted, distance at depth 0
    "default, n = 128": (measured_depths, predicted_depths, 16),
    "He, n = 16": (he_depths, he_predicted, 2**0.5),
}
pages.show_broken(wide, bare, angle, he_seen, falls)

# %%
chord = 2 * 128**0.5 * (angle / 2).sin()  # the distance, but for the norm's decay
bare_predicted = cutoff.predicted_separation(depths, rate, variance, chord, 1e-4)
bare_seen = cutoff.separation(bare.distance, 1e-4)
found, due = cutoff.depths(bare_seen), cutoff.depths(bare_predicted)
lesson.claim("cutoff/bias-distance").agrees(found, due, atol=0.42)
angle_kept = mean_and_stderr(bare.angle[60] / angle[60])
lesson.claim("cutoff/bare-angle").holds(angle_kept, between=(math.exp(-60 / 128), 1))

halves = [cutoff.depths(curve)[1] / n for n, curve in he_seen.items()]
lesson.claim("cutoff/he-location").holds(max(halves) / min(halves), below=1.3)
he_windows = {n: cutoff.relative_window(curve) for n, curve in he_seen.items()}
lesson.claim("cutoff/he-window").holds(he_windows, above=2)
passed = cutoff.depths(narrow[:, alive], (1e-3, 1e-6, 1e-12, 1e-20, 1e-40))
waits = mean_and_stderr(passed[1:] - passed[0])  # passed: (5 τ, networks)
due = [decades * math.log(10) / -he_rate for decades in (3, 9, 17, 37)]
lesson.claim("cutoff/he-law").agrees(waits, due)

# %% [markdown]
# **What fails.** Without bias the cut-off of the raw distance survives, and means nothing: it is the
# norm that vanishes. After sixty layers the two inputs still differ by a third of their size; rescale
# (or just let a classifier compare its logits) and they are back. With bias the *direction* is lost,
# and no rescaling helps.
#
# He's networks have a cut-off too, in the sense of the definition, and each decade of $\tau$ costs
# $\log10/|\lambda|$ layers, as predicted. But it takes twenty decades until $L(.1)/L(.9)$ is near 1.5,
# which the default has at three. (The squares leave the line at the left: we do not predict the first
# layers.)
#
# **Does it matter for training?** Gradients pass backward through the same layers. Digits, width 64,
# 300 steps of SGD with batches of 64, learning rates .05 and .2, the better in the mean is shown. He:
# weights times $\sqrt6$, biases as they are.

# %%
train, test = datasets.load("digits"), datasets.load("digits", split="test")
runs = 3 * min(times, 4)
accuracy = {"default": {}, "He": {}}
for layers in (2, 4, 6, 8):
    net = nets.MLP([64] * (layers + 1) + [10])
    stream = lesson.stream("nets", layers, device="cpu")
    batches = datasets.draw_batches(len(train), 300, 64, generator=stream, runs=(runs,))
    default, he = net.init(stream, replicas=(2, runs))
    for weight, _ in net.layers(he):  # views of he
        weight.mul_(6**0.5)

    for name, start in (("default", default), ("He", he)):
        reached = []  # at each learning rate, (runs,)
        for lr in (0.05, 0.2):
            maps = rules.sgd_maps(net, train.inputs, train.targets, batches, lr)
            end = forward_orbit(maps, start, at=[300])[0]
            reached.append(net.accuracy(end, *test.tensors()))
        accuracy[name][layers] = max(reached, key=torch.mean)

pages.show_training(accuracy, chance=0.1)
lesson.claim("cutoff/deep-default-stuck").holds(
    accuracy["default"][8].mean(), below=0.2
)
lesson.claim("cutoff/deep-he-learns").holds(accuracy["He"][8].mean(), above=0.85)

# %% [markdown]
# The default initialisation trains two layers, four with difficulty, and is stuck at guessing from
# about six on; He's trains all of them. Six is near the cut-off of an observer with $\tau=10^{-1}$, which we noted
# only afterwards: the theory does not say which $\tau$ a training has.
#
# **What to choose**, as far as we measured (ReLU, constant width, no normalisation, no skip
# connections, initialisation and 300 steps): with PyTorch's default and bias, keep depth below
# $\log(d_0/\tau)/.9$, where $\tau$ is the coarsest resolution at which anything reads the output; in
# our trainings that was a handful of layers. For more, take He's weights, and let depth stay well
# below the width: at depth $n$ the log-distances of two seeds differ by more than 1, and one seed
# shows little. The bias erases directions; whether starting without it helps a training we did not
# measure. Nor did we measure longer training, other optimisers, normalisation or skip connections,
# all of which change the picture.
#
# ## Your turn
#
# `lesson.hint(1, 1)` to `lesson.hint(1, 3)` help; `lesson.reveal(1)` shows a solution.

# %% [markdown] tags=["exercise:05.1"]
# ### Exercise 05.1 · Location by hand
#
# Distances shrink by $e^{-1/2}$ a layer, $d_0=e^2$, $\tau=e^{-5}$. Set `location` to $L^*$.

# %% tags=["answer:05.1"]
location = ...  # SOLUTION

# %% tags=["check:05.1"]
lesson.check(1, location)

# %% [markdown] tags=["exercise:05.2"]
# ### Exercise 05.2 · A flat end
#
# In float32, the relative distance of two inputs falls to $6\cdot10^{-8}$ at depth 23 and stays there.
# What follows? Answer with a letter.

# %% tags=["answer:05.2"]
letter = ...  # SOLUTION

# %% tags=["check:05.2"]
lesson.check(2, letter)

# %% [markdown] tags=["exercise:05.3"]
# ### Exercise 05.3 · What an observer sees
#
# `separate(distance, tau)`: `distance` is `(depths, networks)`; return `(depths,)`, the mean over
# networks of $2\Phi(|\Delta|/2\tau)-1=\mathrm{erf}(|\Delta|/(2\sqrt2\,\tau))$. Distances
# `[[0., 0.], [2., 2.], [0., 99.]]` with `tau = 1.` give `[0, .6827, .5]`.


# %% tags=["answer:05.3"]
def separate(distance, tau):
    """Returns the separation at each depth, (depths,)."""
    # SOLUTION


# %% tags=["check:05.3"]
lesson.check(3, separate)

# %% [markdown] tags=["exercise:05.4"]
# ### Exercise 05.4 · From where on
#
# `stays_below(curve, level)`: `curve` is `(depths,)`, from depth 0. Return the first depth, an `int`,
# from which *all* values are at most `level`; `len(curve)` if there is none.
# `stays_below(torch.tensor([1., .2, .6, .3]), .5)` is 3. (See afterwards: at a noisy level, how
# different is the first time below?)


# %% tags=["answer:05.4"]
def stays_below(curve, level):
    """Returns the first depth from which the curve stays at or below the level."""
    # SOLUTION


# %% tags=["check:05.4"]
lesson.check(4, stays_below)

# %% [markdown] tags=["exercise:05.5"]
# ### Exercise 05.5 · Weights that neither kill nor explode
#
# He's variance $2/n$ keeps the mean square. Which $s$ (weights $N(0,s/n)$, no bias) keeps the
# *typical* norm at $n=16$: mean of $\log(\|x_L\|/\|x_0\|)$ zero? Measure it within 4 %, and set
# `critical` to it. Leave out networks that output exactly 0: a layer kills one in $2^{16}$. Use `random_layers.random_pair(x, y, depth, init=s, bias=False, generator=…).norm`.

# %% tags=["answer:05.5"]
# BEGIN SOLUTION
x, y = torch.randn(2, 2000, 16, generator=generator(1, "points"), dtype=torch.float64)
stream = generator(1, "he")
norm = random_layers.random_pair(x, y, 60, init=2.0, bias=False, generator=stream).norm
alive = norm[60] > 0
growth = (norm[60] / norm[0])[alive].log().mean().item() / 60
critical = 2.0 * math.exp(-2 * growth)
# END SOLUTION

# %% tags=["check:05.5"]
lesson.check(5, critical)

# %% [markdown]
# See afterwards: with this $s$, what does the mean *square* do after 60 layers?

# %% [markdown] tags=["exercise:05.6"]
# ### Exercise 05.6 · Contraction cuts off
#
# Let $|\Delta_L|=d_0\rho^L$ with $0<\rho<1$. Prove that $S_\tau$ has a cut-off at
# $L^*=\log(d_0/\tau)/\log(1/\rho)$ as $\tau\to0$, and that $L(.1)-L(.9)$ does not depend on $\tau$. Does a
# slow rate, $\rho=1-1/n$, make the cut-off less sharp *relative* to $L^*$? What then does, in He's
# networks?

# %% [markdown] tags=["answer:05.6"] points=4
# SOLUTION

# %% [markdown]
# ## At full scale
#
# We do not know the sizes of the paper's experiments, so this is not a repetition of them: eight
# times as many networks, four times as many trainings, same widths and depths. What it gave once:

# %%
lesson.full_scale()

# %% [markdown]
# Repeat it with `bsgd run 05 --profile full`.
#
# ## Claims of this chapter
#
# One claim is the paper's, and a weak one: that a cut-off is *observed*. All numbers are ours.

# %%
lesson.claims_table()

# %% [markdown]
# ## Five lines to remember
#
# 1. A cut-off needs an observer who saturates: raw distances fall from the first layer on.
# 2. Location $\log(d_0/\tau)/|\lambda|$, window $\max(1,\sqrt{vL^*})/|\lambda|$: predicted, not fitted.
# 3. The rate of a distance ignores the bias, angles do not: with bias the direction is lost, without it the norm.
# 4. He's networks lose inputs at depth $\propto$ width, slowly, each network at its own depth.
# 5. A curve that ends flat at the precision of the arithmetic has told you about the arithmetic.
#
# ### Further reading
#
# D. Aldous and P. Diaconis, *Shuffling cards and stopping times* (1986); D. Bayer and P. Diaconis,
# *Trailing the dovetail shuffle to its lair* (1992); D. Levin, Y. Peres, E. Wilmer, *Markov Chains and
# Mixing Times*, chapter 18; B. Hanin and M. Nica, *Products of many large random matrices and
# gradients in deep neural networks* (2020).
#
# ### Versions
#
# `bsgd version` names what the package stands on here; `constraints.txt` pins what it was tried with.
