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
profile = "quick"  # or "full": up to 10,000 layers, MNIST where it is at hand, more networks
seed = 0
device = "auto"

# %% tags=["setup"]
import math
from functools import partial

import torch

from bsgd_edu import datasets, dynamics, explorers, maps, meanfield, nets
from bsgd_edu.course import begin, check, claim, claims_table, full_scale
from bsgd_edu.dynamics import mean_and_stderr
from bsgd_edu.plot import isometry_pages as pages
from bsgd_edu.seeding import generator

where, full = begin(device, profile), profile == "full"
times, steps, most = (4, 60, 5) if full else (1, 24, 4)
data = "mnist" if full and datasets.available("mnist") else "digits"
stream = partial(generator, seed, device=where)
signals = partial(explorers.isometry.signals, seed=seed, device=where)

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
lengths, rates = {}, {}
for n in (1, 4, 16):
    draw = partial(torch.randn, generator=stream("pixel", n), device=where, dtype=torch.float64)
    layers, start = draw(100, 200 * times, n, n) / n**0.5, draw(200 * times, n)
    start = torch.nn.functional.normalize(start, dim=-1)
    chain = maps.AffineMap(layers, torch.zeros_like(layers[..., 0]))
    lengths[n] = maps.forward_orbit(chain, start).norm(dim=-1)
    rates[n] = float(dynamics.gaussian_lyapunov_spectrum(n, n**-0.5)[0])
turns = meanfield.orthogonal_(layers.clone(), generator=stream("turns"))
kept = maps.forward_orbit(maps.AffineMap(turns, chain.offset), start).norm(dim=-1)
pages.show_one_pixel(lengths, rates, kept)
slope, error = mean_and_stderr(torch.stack([x[-1].log() / 100 for x in lengths.values()]))
claim("isometry/gaussian-forgets").agrees(slope, list(rates.values()), stderr=error)
claim("isometry/orthogonal-keeps").agrees(kept, 1.0, atol=1e-12)

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
points = {"ordered": (1.5, 0.05), "critical": (1.760955, 0.05), "chaotic": (2.5, 0.05)}
weights, biases = torch.linspace(0.5, 4, 71), torch.linspace(0.002, 0.25, 32)
plane = meanfield.fixed_point(weights, biases[:, None])
found, theory, growth, xi = {}, {}, {}, {}
ends = {name: meanfield.fixed_point(*at) for name, at in points.items()}
for name, (w, b) in points.items():
    q, c = ends[name].q, 0.95 if name == "chaotic" else 0.6
    size = {"width": 2000, "networks": 20 * times, "generator": stream(name)}
    found[name] = mean_and_stderr(meanfield.correlation_orbit(c, q, w, b, 60, **size).cpu())
    layers = [partial(meanfield.correlation_map, q=q, weight_var=w, bias_var=b)] * 200
    path = maps.forward_orbit(layers, torch.tensor([c]).double())[:, 0]
    theory[name], fall = path[:61], (path[150] - ends[name].c) / (path[200] - ends[name].c)
    xi[name] = torch.stack([50 / fall.log(), ends[name].xi_c])
    growth[name] = signals("delta_orthogonal", 4, 64, 40, 32 * times, weight_var=w, bias_var=b)[0]
pages.show_phases(weights, biases, plane, points, found, theory, growth)
line = torch.stack(meanfield.critical_line(torch.tensor([1 / 64, 1 / 4, 1.0]).double()))
table = [[1.03055751, 1.39396163, 2.15330265], [4.651333e-6, 8.125154e-3, 1.509646e-1]]
claim("isometry/critical-line").agrees(line, table, rtol=2e-7)
m, e = (torch.stack(x)[:, 1:] for x in zip(*found.values(), strict=True))
due = torch.stack([*theory.values()])[:, 1:]
claim("isometry/correlation-map").agrees(m, due, stderr=e, atol=0.03)
claim("isometry/depth-scale").agrees(*torch.stack([xi["ordered"], xi["chaotic"]], 1), rtol=1e-4)
rate, error = mean_and_stderr(torch.stack([x[35].log() / 35 for x in growth.values()]))
due = torch.stack([end.chi_1.log() for end in ends.values()])
claim("isometry/gradient-factor").agrees(rate, due, stderr=error, atol=1 / 64)

# %% [markdown]
# Markers on lines: two thousand neurons are nearly infinitely many. In the ordered phase two inputs
# become one, in chaos nearby inputs part, and gradients follow $\chi_1$ in each phase. Only on the line do
# both directions survive; and the line is thin: at $\xi_c=25$ a hundred layers leave two per cent.
#
# ## Experiment: what is kept, and of what
#
# At criticality the mean square is kept. But *where* the energy was (a pattern of three waves in the
# pixels' variances, above), and *which* of the directions (singular values of the Jacobian, below)?
# Look above for which waves fall together, and below for a histogram that does not reach the left end.

# %%
w, b = (float(v) for v in meanfield.critical_line(1 / 16))
pattern = (1 + sum(0.3 * torch.cos(math.pi / 8 * f * torch.arange(16)) for f in (1, 2, 3))) / 16
shapes, shrink, spread, due, spectra, rows = {}, {}, {}, {}, {}, (4, 16, 64)
for name, shares in (("equal taps", torch.ones(3) / 3), ("delta taps", torch.eye(3)[1])):
    size = {"delta": name == "delta taps", "channels": 128, "networks": 48 * times}
    orbit = meanfield.variance_orbit(pattern, w, b, 16, generator=stream(name), **size).cpu()
    layer = partial(meanfield.covariance_map, weight_var=w, bias_var=b, taps=shares)
    exact = maps.forward_orbit([layer] * 16, torch.diag(pattern.double()))  # covariances
    waves, exact = (torch.fft.rfft(v).real[..., 1:4] for v in (orbit, exact.diagonal(0, 1, 2)))
    shapes[name], shrink[name] = mean_and_stderr(waves / waves[0].mean(0), 1), exact / exact[0]
for name in ("orthogonal", "Gaussian"):
    size = {"orthogonal": name == "orthogonal", "networks": 12 * times, "generator": stream(name)}
    s = [meanfield.squared_singular_values(128, (L,), 1 / L, **size)[0].cpu() for L in rows]
    spread[name] = mean_and_stderr(torch.stack([x.var(-1) / x.mean(-1) ** 2 for x in s]))
    spectra[name] = s[-1].sqrt()
    due[name] = torch.stack([meanfield.jacobian_moments(1 / L, L, orthogonal=size["orthogonal"]).variance for L in (*rows, 10_000)])  # fmt: skip
pages.show_kept(shapes, shrink, spectra, rows, spread, due)
m, e = (torch.stack(x)[:, 1:] for x in zip(*shapes.values(), strict=True))
claim("isometry/modes").agrees(m, torch.stack([*shrink.values()])[:, 1:], stderr=e, atol=0.03)
last = [v[16, 0] / v[15, 0] / meanfield.chi_q(1 / 16, w) for v in shrink.values()]
claim("isometry/mode-factor").agrees(last, [(1 + 2 * math.cos(math.pi / 8)) / 3, 1], rtol=0.02)
(m, e), few = spread["orthogonal"], spectra["Gaussian"]
claim("isometry/jacobian-orthogonal").agrees(m, due["orthogonal"][:3], stderr=e, rtol=4 / 128)
claim("isometry/jacobian-gaussian").holds(few.amin(-1) / few.amax(-1), below=1e-6)
claim("isometry/eight-over-l").agrees(10_000 * due["orthogonal"][3], 8, rtol=0.01)

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
seen, unseen = (datasets.load(data, split=part) for part in ("train", "test"))
(x, y), (x_test, y_test) = seen.tensors(where), unseen.tensors(where, 1000)
x, x_test = 3 * x - 1, 3 * x_test - 1  # mean square about 1
depths = (16, 64, 256, 1000, 10_000)[:most]
runs = [(law, d, d**-0.5, "circular") for law in ("delta_orthogonal", "gaussian") for d in depths]
runs += [("delta_orthogonal", 256, 0.25, "circular"), ("delta_orthogonal", 256, 1 / 16, "zeros")]
loss, accuracy = {run: [] for run in runs}, {}
for law, depth, q, padding in runs:
    w, b = (float(v) for v in meanfield.critical_line(q))
    net = nets.DeepCNN(seen.shape[0], 8, depth, patch=seen.shape[0] // 4, pool=False,
                       init=law, padding=padding, weight_var=w, bias_var=b, max_bytes=2**30)  # fmt: skip
    theta, velocity = net.init(stream("init", depth)), 0.0
    order = generator(seed, "batches", depth)  # drawn on the CPU: the same on every device
    for rows in datasets.draw_batches(len(seen), steps, 32, generator=order).to(where):
        loss[law, depth, q, padding].append(float(net.loss(theta, x[rows], y[rows])))
        velocity = 0.9 * velocity + net.grad(theta, x[rows], y[rows])
        theta = theta - 0.3 / depth * velocity
    accuracy[law, depth, q, padding] = float(net.accuracy(theta, x_test, y_test))
pages.show_training(range(steps), loss, accuracy)
last = list(accuracy.values())
claim("isometry/ten-thousand").holds(last[most - 1], above=0.4)
claim("isometry/gaussian-fails").holds(last[2 * most - 1], below=0.25)
claim("isometry/shallow-alike").holds([last[0], last[most]], above=0.5)
claim("isometry/critical-is-not-enough").holds(last[-2], below=0.3)
claim("isometry/zeros-train").holds(last[-1], above=0.4)

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
explorers.isometry.chapter().show()

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
widths, below, lucky, sent = (4, 8, 16, 32), torch.arange(1001), {}, {}
drift = torch.stack([meanfield.mode_drift(8, C, 60, networks=200 * times, generator=stream("modes", C)) for C in widths]).cpu()  # fmt: skip
m, e = mean_and_stderr(-torch.stack([drift[..., 0], drift[..., 1:4].mean(-1)]))
due = -torch.tensor([[dynamics.gaussian_lyapunov_spectrum(k * C, (k * C) ** -0.5)[0] for C in widths] for k in (1, 2)])  # fmt: skip
for law, C in (("delta_orthogonal", 16), ("gaussian", 16), ("gaussian", 8)):
    sent[law, C] = signals(law, 7, C, 1000, 6 * times)
    lucky[C] = (1.95 * (below / (4 * C)).sqrt() - below / (4 * C)) / math.log(10)
decades = {run: found.gradients.log10() / 2 for run, found in sent.items()}
pages.show_drift(widths, (m, e), due, decades, lucky)
claim("isometry/mode-drift").agrees(m, due, stderr=e, rtol=0.02)
claim("isometry/delta-gradients").holds(decades["delta_orthogonal", 16], between=(-0.1, 0.1))
m, e = mean_and_stderr(sent["delta_orthogonal", 16].last)
claim("isometry/delta-signals").agrees(m, 1 + (1 - math.exp(-2)) * (1 - 2 * math.exp(-2)) / 8, stderr=e, atol=1 / 64)  # fmt: skip
m, e = mean_and_stderr(torch.stack([decades["gaussian", C][-1] for C in (16, 8)]))
claim("isometry/gaussian-gradients").agrees(m, [lucky[16][-1], lucky[8][-1]], stderr=e, atol=1)

# %% [markdown]
# Left: closed forms of chapter 4. Right: the tanh networks fall as the luckiest of 24 linear modes does,
# within a decade of nine, with nothing fitted (the modes are treated as independent, which they are
# not quite).
# Mean field theory sees none of it: its means are carried by networks as rare as in the smallest case.
#
# **Padding.** A delta kernel does not look at neighbours, so the border does not matter. Other kernels are
# isometries too: spread over all taps by block convolution, `orthogonal_conv_`. Their taps have mean
# masses $\tfrac14,\tfrac12,\tfrac14$ along each axis. On a 9×9 map a circular shift loses nothing; with zeros around,
# $\tfrac29$ of the pixels lose $\tfrac14$ along each axis, so a length should shrink to $1-\tfrac1{18}=\tfrac{17}{18}$ at
# the first layer. Look for the one line that falls.

# %%
kept = {}
for kind in ("delta", "spread"):
    for padding in ("circular", "zeros"):
        size = {"networks": 24 * times, "generator": stream(kind, padding)}
        kept[kind, padding] = meanfield.length_orbit(
            9, 8, 40, delta=kind == "delta", padding=padding, **size).cpu()  # fmt: skip
pages.show_padding(kept)
both = torch.stack([kept["delta", padding] for padding in ("circular", "zeros")])
claim("isometry/delta-any-padding").agrees(both, 1, atol=1e-12)
claim("isometry/spread-circular").agrees(kept["spread", "circular"], 1, atol=1e-12)
square, error = mean_and_stderr(kept["spread", "zeros"][1] ** 2)
claim("isometry/spread-zeros").agrees(square, (17 / 18) ** 2, stderr=error)
claim("isometry/spread-zeros-deep").holds(kept["spread", "zeros"][40], below=0.5)

# %% [markdown]
# **What fails.** Orthogonal as a matrix per tap, or as a circular convolution, is not orthogonal as the
# layer you run. After the first layer the loss is slower, since what lies near the border has gone.
#
# **What it costs.** A delta-orthogonal network starts as copies of one fully connected network, one at
# each pixel: it keeps every mode because it does not look around. What neighbours say has to be learned.
#
# ## Your turn
#
# `hint("06.1", 1)` to `hint("06.1", 3)` help; `reveal("06.1")` shows a solution.

# %% [markdown] tags=["exercise:06.1"]
# ### Exercise 06.1 · What fifty layers leave of a mode
#
# A ring of $n=28$ pixels, three equal taps, at criticality ($\chi=1$). Set `share` to what 50 layers leave
# of a deviation in mode $f=1$.

# %% tags=["answer:06.1"]
# BEGIN SOLUTION
share = ((1 + 2 * math.cos(2 * math.pi / 28)) / 3) ** 50
# END SOLUTION

# %% tags=["check:06.1"]
check("06.1", share)

# %% [markdown] tags=["exercise:06.2"]
# ### Exercise 06.2 · A variance in place of a deviation
#
# A deep tanh network at $q^*=\tfrac14$. Somebody writes `delta_orthogonal_(w, gain=weight_var)`, forgetting the
# root. What happens at initialisation? Answer with a letter.
#
# - a) Nothing: the first steps of training rescale the weights.
# - b) The network is chaotic: gradients grow by a constant factor a layer.
# - c) The network is ordered: gradients shrink by a constant factor a layer.
# - d) Nothing: the kernels are still multiples of orthogonal ones, hence isometries.
# - e) Only pixels at a zero-padded border change.

# %% tags=["answer:06.2"]
# BEGIN SOLUTION
letter = "b"
# END SOLUTION

# %% tags=["check:06.2"]
check("06.2", letter)

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
    # BEGIN SOLUTION
    q, r = torch.linalg.qr(gaussian)
    kernel = gaussian.new_zeros(*gaussian.shape, size, size)
    kernel[:, :, (size - 1) // 2, (size - 1) // 2] = gain * q * r.diagonal().sign()
    return kernel
    # END SOLUTION


# %% tags=["check:06.3"]
check("06.3", delta_kernel)

# %% [markdown] tags=["exercise:06.4"]
# ### Exercise 06.4 · Sweep the critical line
#
# `critical(q)`: for tanh and the variance `q` $=q^*$, return the pair $(\sigma_w^2,\sigma_b^2)$ with $\chi_1=1$ and
# fixed point `q`, two floats. `critical(1.)` is `(2.153303, .150965)`.


# %% tags=["answer:06.4"]
def critical(q):
    """Returns (weight_var, bias_var) of the critical tanh network with fixed point q."""
    # BEGIN SOLUTION
    z = torch.linspace(-10, 10, 2001, dtype=torch.float64)
    p = torch.exp(-(z**2) / 2)
    p, t = p / p.sum(), torch.tanh(q**0.5 * z)
    weight_var = 1 / (p @ (1 - t**2) ** 2)
    return float(weight_var), float(q - weight_var * (p @ t**2))
    # END SOLUTION


# %% tags=["check:06.4"]
check("06.4", critical)

# %% [markdown] tags=["exercise:06.5"]
# ### Exercise 06.5 · How wide for a thousand Gaussian layers?
#
# A spatially constant signal passes 1,000 linear Gaussian layers with $C$ channels and weight variance
# $1/C$. For which $C$ does its typical length (mean of $\log\|x_L\|/\|x_0\|$) fall to a tenth? Measure within
# 5 %, and set `wide` to it.

# %% tags=["answer:06.5"]
# BEGIN SOLUTION
draws = torch.randn(200_000, 32, generator=generator(1, "columns"), dtype=torch.float64)
# W x is Gaussian of length ‖x‖: one column tells the law of the loss, and it scales like 1/C.
wide = 1000 * 32 * -(draws / 32**0.5).norm(dim=1).log().mean().item() / math.log(10)
# END SOLUTION

# %% tags=["check:06.5"]
check("06.5", wide)

# %% [markdown] tags=["exercise:06.6"]
# ### Exercise 06.6 · How small is the bias?
#
# Prove from the series of tanh that on the critical line $\sigma_w^2=1+2q-3q^2+O(q^3)$ and
# $\sigma_b^2=\tfrac43q^3+O(q^4)$. Check it at $q=10^{-3}$, where $\sigma_b^2=1.3254\cdot10^{-9}$. What does it mean for
# computing $\sigma_b^2=q-\sigma_w^2E\,\tanh^2$ in float32 at $q=10^{-4}$?

# %% [markdown] tags=["answer:06.6"] points=4
# BEGIN SOLUTION
# $\tanh^2x=x^2-\tfrac23x^4+\tfrac{17}{45}x^6+\dots$, so $E\,\tanh^2=q-2q^2+\tfrac{17}3q^3$ and, from
# $\tanh'^2=(1-\tanh^2)^2=1-2x^2+\tfrac73x^4$, $E\,\tanh'^2=1-2q+7q^2$. Hence $\sigma_w^2=1+2q+(4-7)q^2$, and
# $\sigma_b^2=q-(1+2q-3q^2)(q-2q^2+\tfrac{17}3q^3)=(7-\tfrac{17}3)q^3=\tfrac43q^3$: $1.333\cdot10^{-9}$ at $10^{-3}$. At
# $q=10^{-4}$ it is $10^{-8}q$, below float32's rounding of $q$ ($6\cdot10^{-8}q$): the difference is noise.
# END SOLUTION

# %% [markdown]
# ## At full scale
#
# The full profile adds 10,000 layers, 60 steps, MNIST where it is at hand, and four times as many
# networks. It shows that ten thousand plain layers *start* to learn, on one seed; the abstract's
# claim is about training them properly, which takes more steps than we ran. What it gave once:

# %%
full_scale("06_ten_thousand_layers")

# %% [markdown]
# Repeat it with `bsgd run 06 --profile full`.
#
# ## Claims of this chapter

# %%
claims_table("06_ten_thousand_layers")

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
