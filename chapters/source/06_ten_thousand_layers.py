# %% [markdown]
# # 6 · Ten thousand layers
#
# **A plain convolutional network of ten thousand layers, without skip connections or normalisation,
# can be trained if its random layers keep the length of *every* signal and of every gradient, not
# only their mean square: a matter of initialisation alone.**
#
# *Source.* L. Xiao, Y. Bahri, J. Sohl-Dickstein, S. Schoenholz, J. Pennington, *Dynamical isometry
# and a mean field theory of CNNs*, ICML 2018, arXiv [1806.05393](https://arxiv.org/abs/1806.05393).
# Its abstract claims the training, the mean field theory, and an algorithm for norm-preserving random
# kernels. We did not have its body: the formulas were derived again, and all settings and numbers
# here are ours unless a classic is named.
#
# *You need:* chapters 1 and 4, the normal distribution. *Time:* about 100 minutes, 60 of them
# exercises. *Hardware:* any computer; the quick profile takes half a minute on one core.

# %% tags=["parameters"]
profile = "quick"  # or "full": 10,000 layers, MNIST if at hand, four times the networks
seed = 0
device = "auto"

# %% tags=["setup"]
import math
from functools import partial

import torch

from bsgd_edu import datasets, dynamics, maps, meanfield, nets
from bsgd_edu.course import begin
from bsgd_edu.estimates import mean_and_stderr
from bsgd_edu.seeding import generator

lesson = begin("06_ten_thousand_layers", profile=profile, seed=seed, device=device)
pages, full = lesson.pages, lesson.full
real = lesson.real  # float64, on the device
times = 4 if full else 1  # as many networks
steps = 60 if full else 24  # of SGD
depths = (16, 64, 256, 1000, 10_000) if full else (16, 64, 256, 1000)

# %% [markdown]
# ## Predict
#
# A thousand convolutional layers in a row, 8 channels, tanh, nothing else. At the start, all weights
# are random. Which of these learn something about digits within 24 steps of SGD?
#
# *(a)* None: a thousand layers need skip connections. *(b)* Gaussian weights, if their variance is
# chosen so that signals and gradients keep their mean square. *(c)* Only weights which are orthogonal
# at one tap of the kernel and zero at all others. *(d)* Both (b) and (c).

# %% tags=["nbval-check-output"]
my_guess = "?"  # "a", "b", "c" or "d"
print("Your guess is kept; the experiment on training answers it.")

# %% [markdown]
# ## Smallest case
#
# One pixel, one channel, no tanh: a layer multiplies by a random number $w$. Ask for $E\,w^2=1$, so that
# mean squares are kept. A Gaussian $w$ has $E\log|w|=-\tfrac12(\gamma+\log2)=-.635$, with $\gamma=.577$
# (Euler): by the law of large numbers the *typical* signal is $e^{-.635L}$ after $L$ layers, $10^{-28}$
# at depth 100, while rare ones carry the mean square. But $w=\pm1$ has $E\,w^2=1$ too, and keeps
# everything. That is the whole chapter: **a mean square may be kept by keeping all, or by losing
# nearly all.**
#
# With $n$ channels, $w$ becomes a matrix: Gaussian with variance $1/n$, or orthogonal. The network is
# chapter 4's product of random matrices, and its exponent is known. Look for the slopes, and for the
# width of the bands.

# %%
depth, networks = 100, 200 * times
lengths = {}
for n in (1, 4, 16):
    draw = partial(torch.randn, generator=lesson.stream("pixel", n), **real)
    weights = draw(depth, networks, n, n) / n**0.5
    start = torch.nn.functional.normalize(draw(networks, n), dim=-1)
    layers = maps.AffineMap(weights, torch.zeros_like(weights[..., 0]))
    lengths[n] = maps.forward_orbit(layers, start).norm(dim=-1)  # (depth + 1, networks)
turns = torch.empty_like(weights)
meanfield.orthogonal_(turns, generator=lesson.stream("turns"))
kept = maps.forward_orbit(maps.AffineMap(turns, layers.offset), start).norm(dim=-1)

exponents = {n: dynamics.lyapunov.gaussian_spectrum(n, n**-0.5)[0] for n in lengths}
pages.show_one_pixel(lengths, exponents, kept)

slopes = {n: mean_and_stderr(norm[-1].log() / depth) for n, norm in lengths.items()}
lesson.claim("isometry/gaussian-forgets").agrees(slopes, exponents)
lesson.claim("isometry/orthogonal-keeps").agrees(kept, 1.0, atol=1e-12)

# %% [markdown]
# More channels help, the slope is about $-\tfrac1{2n}$: but any finite width loses. Orthogonal layers
# lose nothing at any width. Now tanh, which shrinks, and space come in.
#
# ## Theory
#
# Layers are $h^l=W^l*\tanh(h^{l-1})+b^l$, with $C$ channels, weight variance $\sigma_w^2$ (divided by
# the number of inputs of a neuron) and bias variance $\sigma_b^2$. For $C\to\infty$ neurons are Gaussian;
# $z,u,v$ are standard normal or correlated.
#
# **One pixel.** The variance follows the *length map* $q\mapsto\sigma_w^2E\,\tanh^2(\sqrt q\,z)+\sigma_b^2$ to a
# fixed point $q^*$; the correlation $c$ of two inputs follows the *correlation map* to $c^*$. Its
# slope at $c=1$,
#
# $$\chi_1=\sigma_w^2\,E\,\tanh'(\sqrt{q^*}z)^2,$$
#
# also multiplies the mean square of gradients at each layer. $\chi_1<1$, **order**: inputs merge,
# gradients vanish. $\chi_1>1$, **chaos**: inputs part, gradients explode. Deviations die as $e^{-L/\xi}$
# with $\xi=-1/\log\chi$, a *depth scale* in layers ($\chi_q$ for $q$, $\chi_c$ for $c$), infinite on the
# **critical line** $\chi_1=1$. Choosing $q^*$ gives that line without solving anything:
# $\sigma_w^2=1/E\,\tanh'^2\approx1+2q^*$, $\sigma_b^2=q^*-\sigma_w^2E\,\tanh^2\approx\tfrac43q^{*3}$.
#
# **Space.** A kernel whose taps carry the shares $v_b$ of the variance averages the pixels'
# covariance over neighbours: on a ring of $n$ pixels, Fourier mode $f$ of a deviation is multiplied by
# $\chi\lambda_f$ at each layer, $\lambda_f=\sum_bv_b\cos(2\pi bf/n)$. Equal taps keep only $f=0$: *where*
# something was is forgotten even at criticality. With one tap all $\lambda_f=1$.
#
# **All directions.** Let $J$ be the Jacobian of $L$ layers, with singular values $s$. Criticality says
# only that the mean of $s^2$ is 1. Its variance is $L(\mu_2/\mu_1^2-1-s_1)$, with $\mu_k=E\,\tanh'^{2k}$, and
# $s_1=-1$ for Gaussian, 0 for orthogonal weights: at least $L$ for Gaussian, but $8Lq^{*2}$ for
# orthogonal weights and small $q^*$. With $q^*=1/L$ it tends to 0: **dynamical isometry**.
#
# Hence *delta-orthogonal* kernels: $\sigma_w$ times an orthogonal matrix at the centre tap, zeros elsewhere.
#
# <details><summary>Why: three short derivations</summary>
#
# *Gradients.* $\partial h^l=W\,\mathrm{diag}(\tanh')\,\partial h^{l-1}$; transposed, each entry is a sum of $C$
# terms with variance $\sigma_w^2/C$, times an independent $\tanh'^2$: the factor $\chi_1$, whatever the taps.
# *Modes.* $S'_{a,a'}=\sigma_w^2\sum_bv_bE\,\tanh h_{a+b}\tanh h_{a'+b}+\sigma_b^2$: linearise, and a shifted wave is
# the wave times $e^{2\pi ibf/n}$. *Jacobian.* $JJ^T=D_LW_L\cdots W_L^TD_L$; for free matrices variances
# relative to the squared mean add: $\mu_2/\mu_1^2-1$ from $D^2$, $-s_1$ from $WW^T$, per layer. For small $q$,
# $\tanh'^2\approx1-2h^2$ with variance $8q^2$.
#
# </details>
#
# | symbol | in code (`meanfield`) |
# |---|---|
# | $q^*,c^*,\chi,\xi$ | `fixed_point(weight_var, bias_var)` |
# | critical line | `critical_line(q)` |
# | maps; $\lambda_f$ | `length_map`, `correlation_map`, `covariance_map`; `mode_factors` |
# | moments of $s^2$ | `jacobian_moments` |
# | kernels | `delta_orthogonal_(tensor, gain)`, gain $=\sigma_w$, not $\sigma_w^2$ |
#
# ## Experiment: order, chaos, and the line between
#
# Finite networks against theory at $\sigma_b^2=.05$: correlation of two inputs (2,000 neurons), and
# gradients (64 channels). Look for three fates, below left and right, and for the peak.

# %%
weight_vars = {"ordered": 1.5, "critical": 1.760955, "chaotic": 2.5}
phases = {name: {"weight_var": w, "bias_var": 0.05} for name, w in weight_vars.items()}
inputs = {"ordered": 0.6, "critical": 0.6, "chaotic": 0.95}  # correlation of the two
limits, correlations, theory, gradients, rates = {}, {}, {}, {}, {}
for phase, variances in phases.items():
    limits[phase] = meanfield.fixed_point(**variances)
    c, q = inputs[phase], limits[phase].q

    # Two inputs in 60 layers of 2,000 neurons; in 200 layers of infinitely many
    size = {"width": 2000, "networks": 20 * times, "generator": lesson.stream(phase)}
    orbit = meanfield.correlation_orbit(c, q, depth=60, **variances, **size)
    correlations[phase] = mean_and_stderr(orbit)  # over networks
    layer = partial(meanfield.correlation_map, q=q, **variances)
    theory[phase] = maps.forward_orbit([layer] * 200, torch.tensor([c]).double())[:, 0]

    # Gradients in 40 convolutions of 64 channels on a 4×4 map: (41, networks)
    net = nets.DeepCNN(4, 64, 40, in_channels=64, **variances)
    draws = lesson.stream("signals", "delta_orthogonal", 64)
    gradients[phase] = nets.random_signals(net, 32 * times, generator=draws).gradients
    rates[phase] = mean_and_stderr(gradients[phase][35].log() / 35)  # a layer

# %%
pages.show_phases(phases, correlations, theory, gradients)

shallow = {phase: orbit[:61] for phase, orbit in theory.items()}
lesson.claim("isometry/correlation-map").agrees(correlations, shallow, atol=0.03)

log_chi_1 = {phase: limit.chi_1.log() for phase, limit in limits.items()}
lesson.claim("isometry/gradient-factor").agrees(rates, log_chi_1, atol=1 / 64)

xi, xi_c = {}, {}
for phase in ("ordered", "chaotic"):
    deviation = theory[phase] - limits[phase].c
    xi[phase] = 50 / (deviation[150] / deviation[200]).log()
    xi_c[phase] = limits[phase].xi_c
lesson.claim("isometry/depth-scale").agrees(xi, xi_c, rtol=1e-4)

line = meanfield.critical_line(torch.tensor([1 / 64, 1 / 4, 1.0]).double())
table = [[1.03055751, 1.39396163, 2.15330265]]  # σ_w², by adaptive quadrature
table += [[4.651333e-6, 8.125154e-3, 1.509646e-1]]  # σ_b²
lesson.claim("isometry/critical-line").agrees(line, table, rtol=2e-7)

# %% [markdown]
# Markers on lines: two thousand neurons are nearly infinitely many. In the ordered phase two inputs
# become one, in chaos nearby inputs part, and gradients follow $\chi_1$ in each phase. Only on the line do
# both directions survive; and the line is thin: at $\xi_c=25$ a hundred layers leave two per cent.
#
# ## Experiment: what is kept, and of what
#
# At criticality the mean square is kept. But is it kept *where* the energy was? The variances of 16
# pixels on a ring start as a pattern of three waves; finite networks, and then the covariance map, say
# what is left of each.

# %%
weight_var, bias_var = map(float, meanfield.critical_line(1 / 16))
critical = {"weight_var": weight_var, "bias_var": bias_var}
waves = [torch.cos(2 * math.pi / 16 * f * torch.arange(16)) for f in (1, 2, 3)]
pattern = (1 + sum(0.3 * wave for wave in waves)) / 16  # its mean is q* = 1/16
taps = {"equal taps": torch.ones(3) / 3, "delta taps": torch.tensor([0.0, 1.0, 0.0])}

amplitudes, exact = {}, {}
for name, shares in taps.items():
    size = {"channels": 128, "networks": 48 * times, "generator": lesson.stream(name)}
    delta = name == "delta taps"
    orbit = meanfield.variance_orbit(pattern, depth=16, delta=delta, **critical, **size)
    modes = meanfield.mode_amplitudes(orbit, 3)  # (17, networks, f = 1, 2, 3)
    amplitudes[name] = mean_and_stderr(modes, dim=1)

    layer = partial(meanfield.covariance_map, taps=shares, **critical)
    covariances = maps.forward_orbit([layer] * 16, torch.diag(pattern.double()))
    exact[name] = meanfield.mode_amplitudes(covariances.diagonal(dim1=1, dim2=2), 3)

# %% [markdown]
# And *which* directions in the space of channels are kept? The singular values of the Jacobian tell,
# with orthogonal and with Gaussian weights. Look above for which waves fall together, and below for a
# histogram that does not reach the left end.

# %%
spread, expected, singular_values = {}, {}, {}
for weights in ("orthogonal", "Gaussian"):
    kind = {"orthogonal": weights == "orthogonal"}
    size = {"networks": 12 * times, "generator": lesson.stream(weights)}
    spread[weights], expected[weights] = {}, {}
    for L in (4, 16, 64):
        s2 = meanfield.squared_singular_values(128, (L,), 1 / L, **kind, **size)[0]
        spread[weights][L] = mean_and_stderr(s2.var(-1) / s2.mean(-1) ** 2)
        expected[weights][L] = meanfield.jacobian_moments(1 / L, L, **kind).variance
    singular_values[weights] = s2.sqrt()  # of the deepest: (networks, 128)

pages.show_kept(amplitudes, exact, singular_values, spread, expected)

# %%
lesson.claim("isometry/modes").agrees(amplitudes, exact, atol=0.03)
chi_q = meanfield.chi_q(1 / 16, weight_var)
factors = {name: mode[16, 0] / mode[15, 0] / chi_q for name, mode in exact.items()}
lambda_1 = {"equal taps": (1 + 2 * math.cos(2 * math.pi / 16)) / 3, "delta taps": 1}
lesson.claim("isometry/mode-factor").agrees(factors, lambda_1, rtol=0.02)

found, due = spread["orthogonal"], expected["orthogonal"]
lesson.claim("isometry/jacobian-orthogonal").agrees(found, due, rtol=4 / 128)
s = singular_values["Gaussian"]
lesson.claim("isometry/jacobian-gaussian").holds(s.amin(-1) / s.amax(-1), below=1e-6)
_, variance = meanfield.jacobian_moments(1 / 10_000, 10_000, orthogonal=True)
lesson.claim("isometry/eight-over-l").agrees(10_000 * variance, 8, rtol=0.01)

# %% [markdown]
# Above: at criticality equal taps erase the third wave within five layers; delta taps treat all alike
# (that all shrink is $\chi_q$: the *size* of a deviation is corrected by tanh, not its place). Below:
# the Gaussian network keeps its mean square by a few directions stretched and nearly half squeezed to
# nothing. A gradient that comes back through it is what a few directions let through.
#
# ## Experiment: training
#
# Digits as a 4×4 map of patches, 8 channels, 3×3 kernels with circular padding, SGD with momentum .9,
# batches of 32, learning rate $.3/L$, and $q^*=1/\sqrt L$ on the critical line: the variance of $s^2$,
# about $8Lq^{*2}$ for small $q^*$, is then below 8 at every depth. (The authors' public demo takes
# $q^*=1/L$; signals are then so small that 24 steps do little.) The readout sees all positions: delta layers do not mix pixels, and their mean would tell
# little. Left, delta-orthogonal; right, Gaussian. Which depths leave the level of guessing, $\log10$?

# %%
data = "mnist" if full and datasets.available("mnist") else "digits"
seen = datasets.load(data, split="train")
unseen = datasets.load(data, split="test")
x, y = seen.tensors(lesson.device)
x_test, y_test = unseen.tensors(lesson.device, 1000)
x, x_test = 3 * x - 1, 3 * x_test - 1  # mean square about 1
side = seen.shape[0]
# 8 channels on a 4×4 map of patches, a readout of all positions, a gigabyte at most
network = partial(nets.DeepCNN, side, 8, patch=side // 4, pool=False, max_bytes=2**30)


# %%
def train(law, L, q, padding="circular"):
    """Returns the losses, step by step, and the accuracy on new images."""
    weight_var, bias_var = meanfield.critical_line(q)
    critical = {"weight_var": weight_var, "bias_var": bias_var}
    net = network(L, init=law, padding=padding, **critical)
    theta = net.init(lesson.stream("init", L))
    order = lesson.stream("batches", L, device="cpu")  # the same on every device
    batches = datasets.draw_batches(len(seen), steps, 32, generator=order)
    velocity, losses = 0.0, []
    for rows in batches.to(lesson.device):
        losses.append(float(net.loss(theta, x[rows], y[rows])))
        velocity = 0.9 * velocity + net.grad(theta, x[rows], y[rows])
        theta = theta - 0.3 / L * velocity
    return losses, float(net.accuracy(theta, x_test, y_test))


# %%
losses, scores = {}, {}
for law in ("delta_orthogonal", "gaussian"):
    for L in depths:
        losses[law, L], scores[law, L] = train(law, L, q=L**-0.5)

large_q = ("delta_orthogonal", 256, "q* = 0.25")
losses[large_q], scores[large_q] = train("delta_orthogonal", 256, q=0.25)
zeros = ("delta_orthogonal", 256, "zero padding")
losses[zeros], scores[zeros] = train("delta_orthogonal", 256, q=1 / 16, padding="zeros")

pages.show_training(losses, scores)

deepest = {law: scores[law, depths[-1]] for law in ("delta_orthogonal", "gaussian")}
lesson.claim("isometry/ten-thousand").holds(deepest["delta_orthogonal"], above=0.4)
lesson.claim("isometry/gaussian-fails").holds(deepest["gaussian"], below=0.25)
shallow = [scores["delta_orthogonal", 16], scores["gaussian", 16]]
lesson.claim("isometry/shallow-alike").holds(shallow, above=0.5)
lesson.claim("isometry/critical-is-not-enough").holds(scores[large_q], below=0.3)
lesson.claim("isometry/zeros-train").holds(scores[zeros], above=0.4)

# %% [markdown]
# It is (c). The same data, batches and rule: left, every depth learns; right, sixteen layers do,
# sixty-four less, hundreds hardly, a thousand not at all within these steps. One line on the left is a warning:
# *delta-orthogonal, critical*, 256 layers, but $q^*=\tfrac14$: by `jacobian_moments`, variance 35. Each layer alone is as
# critical as any; the product is no isometry, and does not learn. Zero padding does no harm.
#
# Is $.3/L$ unfair to the losers? The tests of this course repeat the experiment with seeds 1 to 3, and
# with six other rates, $.03/L$ to $30/L$: at none of them do a thousand Gaussian layers, or 256 with
# $q^*=\tfrac14$, come to an accuracy of .3. Still, few steps: this says what *starts* to learn with
# plain SGD, not how well such networks do in the end. A shallow network reaches more on digits in the same time; depth
# without skip connections is shown to be possible here, not useful.
#
# ## Explore
#
# *Phase plane:* move a network across the line, then onto it, and watch what equal and delta taps leave
# of the modes of a ring. Where is $\xi_c$ largest away from the line: in order or in chaos? *Jacobian:*
# double the depth with $q^*=1/L$, then with $q^*$ fixed. Which channel count lets the Gaussian
# histogram reach zero latest? Without a kernel you see the first picture of each.

# %% tags=["nbval-ignore-output"]
lesson.explore.chapter().show()

# %% [markdown]
# ## Break an assumption
#
# **Finite width.** Gaussian networks on the critical line should keep their gradients. Not with $C$
# channels. On a ring, Fourier mode $f$ of $W*x$ is $\hat W(f)\,\hat x(f)$, and $\hat W(f)$ is a $C\times C$
# matrix with entries of variance $1/C$, whatever the taps: the smallest case again. The constant mode
# meets real matrices and loses $\tfrac12(\log\tfrac C2-\psi(\tfrac C2))\approx\tfrac1{2C}$ a layer ($\psi$: digamma); a mode
# that varies meets complex ones, which act like $2C$ real channels: $\tfrac1{4C}$. Each mode is a random
# walk with that drift and as large a variance; the signal is the luckiest of them, 24 on a 7×7 map,
# two standard deviations above:
#
# $$\log\frac{\|g_0\|}{\|g_L\|}\approx-\frac L{4C}+1.95\sqrt{\frac L{4C}}.$$
#
# So Gaussian networks die at a depth proportional to $C$. Left: linear layers. Right: does tanh follow?

# %%
widths = (4, 8, 16, 32)
loss = {n: -dynamics.lyapunov.gaussian_spectrum(n, n**-0.5)[0] for n in (*widths, 64)}
measured = {"constant mode": {}, "varying modes": {}}
predicted = {"constant mode": {}, "varying modes": {}}
for C in widths:
    draws = lesson.stream("modes", C)
    growth = meanfield.mode_drift(8, C, 60, networks=200 * times, generator=draws)
    varying = growth[:, 1:4].mean(1)  # of (networks, modes f = 0 … 4)
    measured["constant mode"][C] = mean_and_stderr(-growth[:, 0])
    measured["varying modes"][C] = mean_and_stderr(-varying)
    predicted["constant mode"][C] = loss[C]
    predicted["varying modes"][C] = loss[2 * C]
lesson.claim("isometry/mode-drift").agrees(measured, predicted, rtol=0.02)

L = torch.arange(1001)
lucky = {C: (1.95 * (L / (4 * C)).sqrt() - L / (4 * C)) / math.log(10) for C in (16, 8)}

# %% [markdown]
# Those were linear layers. Now gradients on their way through a thousand critical layers with tanh, on
# a 7×7 map.

# %%
delta = ("delta_orthogonal", 16)
signals = {}
for law, C in (delta, ("gaussian", 16), ("gaussian", 8)):
    net = nets.DeepCNN(7, C, 1000, in_channels=C, init=law)
    draws = lesson.stream("signals", law, C)
    signals[law, C] = nets.random_signals(net, 6 * times, generator=draws)
decades = {name: sent.gradients.log10() / 2 for name, sent in signals.items()}

pages.show_drift(measured, predicted, decades, lucky)

lesson.claim("isometry/delta-gradients").holds(decades[delta], between=(-0.1, 0.1))
last = mean_and_stderr(signals[delta].last)
finite_width = 2 / 16 * (1 - math.exp(-2)) * (1 - 2 * math.exp(-2))
lesson.claim("isometry/delta-signals").agrees(last, 1 + finite_width, atol=1 / 64)
end = [mean_and_stderr(decades["gaussian", C][-1]) for C in (16, 8)]
due = [lucky[16][-1], lucky[8][-1]]
lesson.claim("isometry/gaussian-gradients").agrees(end, due, atol=1)

# %% [markdown]
# Left: closed forms of chapter 4. Right: the tanh networks fall as the luckiest of 24 linear modes does,
# up to about one decade of nine, with nothing fitted (the modes are treated as independent, which they are
# not quite).
# Mean field theory sees none of it: its means are carried by networks as rare as in the smallest case.
#
# **Padding.** A delta kernel does not look at neighbours, so the border does not matter. Other kernels are
# isometries too: spread over all taps by block convolution, `orthogonal_conv_`. Their taps have mean
# masses $\tfrac14,\tfrac12,\tfrac14$ along each axis. On a 9×9 map a circular shift loses nothing; with zeros around,
# $\tfrac29$ of the pixels lose $\tfrac14$ along each axis, so a length should shrink to $1-\tfrac1{18}=\tfrac{17}{18}$ at
# the first layer. Look for the one line that falls.

# %%
kept = {}  # lengths: (41, networks)
for kernels in ("delta", "spread"):
    for padding in ("circular", "zeros"):
        kind = {"delta": kernels == "delta", "padding": padding}
        size = {"networks": 24 * times, "generator": lesson.stream(kernels, padding)}
        kept[kernels, padding] = meanfield.length_orbit(9, 8, 40, **kind, **size)

pages.show_padding(kept)

both = [kept["delta", padding] for padding in ("circular", "zeros")]
lesson.claim("isometry/delta-any-padding").agrees(both, 1, atol=1e-12)
lesson.claim("isometry/spread-circular").agrees(
    kept["spread", "circular"], 1, atol=1e-12
)
first = mean_and_stderr(kept["spread", "zeros"][1] ** 2)
lesson.claim("isometry/spread-zeros").agrees(first, (17 / 18) ** 2)
lesson.claim("isometry/spread-zeros-deep").holds(kept["spread", "zeros"][40], below=0.5)

# %% [markdown]
# **What fails.** Orthogonal as a matrix per tap, or as a circular convolution, is not orthogonal as the
# layer you run. After the first layer the loss is slower, since what lies near the border has gone.
#
# **What it costs.** A delta-orthogonal network starts as copies of one fully connected network, one at
# each pixel: it keeps every mode because it does not look around. What neighbours say has to be learned.
#
# ## Your turn
#
# `lesson.hint(1, 1)` to `lesson.hint(1, 3)` help; `lesson.reveal(1)` shows a solution.

# %% [markdown] tags=["exercise:06.1"]
# ### Exercise 06.1 · What fifty layers leave of a mode
#
# A ring of $n=28$ pixels, three equal taps, at criticality ($\chi=1$). Set `share` to what 50 layers leave
# of a deviation in mode $f=1$.

# %% tags=["answer:06.1"]
share = ...  # SOLUTION

# %% tags=["check:06.1"]
lesson.check(1, share)

# %% [markdown] tags=["exercise:06.2"]
# ### Exercise 06.2 · A variance in place of a deviation
#
# A deep tanh network at $q^*=\tfrac14$. Somebody writes `delta_orthogonal_(w, gain=weight_var)`, forgetting the
# root. What happens at initialisation? Answer with a letter.

# %% tags=["answer:06.2"]
letter = ...  # SOLUTION

# %% tags=["check:06.2"]
lesson.check(2, letter)

# %% [markdown] tags=["exercise:06.3"]
# ### Exercise 06.3 · A kernel that keeps every length
#
# `delta_kernel(gaussian, size, gain)`: `gaussian` is `(out, in)` with `out >= in`. Factor it as $QR$ with
# $R_{kk}>0$; return the kernel `(out, in, size, size)` with `gain` times $Q$ at tap `(size - 1) // 2` of both
# axes and zeros elsewhere. `[[0., -2.], [3., 0.]]`, 3, `2.` gives centre tap `[[0., -2.], [2., 0.]]`. (See
# afterwards: without the sign, what is the mean of $(\mathrm{tr}\,Q)^2$ for 8×8? Haar's law has 1.)


# %% tags=["answer:06.3"]
def delta_kernel(gaussian, size, gain):
    """Returns a delta-orthogonal kernel, (out, in, size, size)."""
    # SOLUTION


# %% tags=["check:06.3"]
lesson.check(3, delta_kernel)

# %% [markdown] tags=["exercise:06.4"]
# ### Exercise 06.4 · Sweep the critical line
#
# `critical(q)`: for tanh and the variance `q` $=q^*$, return the pair $(\sigma_w^2,\sigma_b^2)$ with $\chi_1=1$ and
# fixed point `q`, two floats. `critical(1.)` is `(2.153303, .150965)`.


# %% tags=["answer:06.4"]
def critical(q):
    """Returns (weight_var, bias_var) of the critical tanh net with fixed point q."""
    # SOLUTION


# %% tags=["check:06.4"]
lesson.check(4, critical)

# %% [markdown] tags=["exercise:06.5"]
# ### Exercise 06.5 · How wide for a thousand Gaussian layers?
#
# A spatially constant signal passes 1,000 linear Gaussian layers with $C$ channels and weight variance
# $1/C$. For which $C$ does its typical length (mean of $\log\|x_L\|/\|x_0\|$) fall to a tenth? Measure within
# 5 %, and set `wide` to it.

# %% tags=["answer:06.5"]
# BEGIN SOLUTION
# W x is Gaussian of length ‖x‖: one column tells the law of the loss, here at C = 32.
draws = torch.randn(200_000, 32, generator=generator(1, "columns"), dtype=torch.float64)
lengths = (draws / 32**0.5).norm(dim=1)
loss = -float(lengths.log().mean())  # a layer; it scales like 1/C
wide = 32 * 1000 * loss / math.log(10)
# END SOLUTION

# %% tags=["check:06.5"]
lesson.check(5, wide)

# %% [markdown] tags=["exercise:06.6"]
# ### Exercise 06.6 · How small is the bias?
#
# Prove from the series of tanh that on the critical line $\sigma_w^2=1+2q-3q^2+O(q^3)$ and
# $\sigma_b^2=\tfrac43q^3+O(q^4)$. Check it at $q=10^{-3}$, where $\sigma_b^2=1.3254\cdot10^{-9}$. What does it mean for
# computing $\sigma_b^2=q-\sigma_w^2E\,\tanh^2$ in float32 at $q=10^{-4}$?

# %% [markdown] tags=["answer:06.6"] points=4
# SOLUTION

# %% [markdown]
# ## At full scale
#
# The full profile adds 10,000 layers, 60 steps, MNIST where it is at hand, and four times as many
# networks. It shows that ten thousand plain layers *start* to learn, on one seed; the abstract's
# claim is about training them properly, which takes more steps than we ran. What it gave once:

# %%
lesson.full_scale()

# %% [markdown]
# Repeat it with `bsgd run 06 --profile full`.
#
# ## Claims of this chapter

# %%
lesson.claims_table()

# %% [markdown]
# ## Five lines to remember
#
# 1. Criticality, $\chi_1=1$, keeps mean squares; isometry keeps every length. Products need the second.
# 2. The critical line is swept in $q^*$: $\sigma_w^2\approx1+2q^*$, $\sigma_b^2\approx\tfrac43q^{*3}$. Keep $8Lq^{*2}$ small.
# 3. Gaussian layers of $C$ channels lose $\tfrac1{4C}$ to $\tfrac1{2C}$ a layer: they die at depth $\propto C$.
# 4. Equal taps forget where; one tap does not. Delta-orthogonal kernels hold with any padding.
# 5. `gain` is $\sigma_w$, a standard deviation; QR needs its signs fixed to be Haar's law.
#
# ### Further reading
#
# B. Poole et al., *Exponential expressivity in deep neural networks through transient chaos* (2016);
# S. Schoenholz et al., *Deep information propagation* (2017); J. Pennington, S. Schoenholz, S. Ganguli,
# *Resurrecting the sigmoid in deep learning through dynamical isometry* (2017); F. Mezzadri, *How to
# generate random matrices from the classical compact groups* (2007).
#
# ### Versions
#
# `bsgd version` names what the package stands on here; `constraints.txt` pins what it was tried with.
