# %% [markdown]
# # 8 · Implicit acceleration
#
# **A linear network of depth N computes no more than one matrix, but gradient descent on its layers
# moves that matrix by another rule, which in general no regulariser can imitate; where the curvature
# fades as the loss falls, this rule can be several times faster. Here, half of it does better still.**
#
# *Source.* S. Arora, N. Cohen, E. Hazan, *On the optimization of deep networks: implicit acceleration
# by overparameterization*, ICML 2018, arXiv [1802.06509](https://arxiv.org/abs/1802.06509). We worked
# from an author's summary of it and a replication's report: the rule, the momentum form, the theorem
# against regularisers and the findings on regression are the paper's; numbers and closed forms here
# are ours.
#
# *You need:* gradient descent, singular values, chapter 1's idea of an update map. *Time:* about 90
# minutes, 65 of them exercises. *Hardware:* any computer; the quick profile takes under a minute.

# %% tags=["parameters"]
profile = "quick"  # or "full": more draws, longer runs, the paper's data if at hand
seed = 0
device = "auto"

# %% tags=["setup"]
import math

import torch

from bsgd_edu import datasets, dynamics, nets, operators
from bsgd_edu.course import begin
from bsgd_edu.nets.deep_linear import balanced_factors

lesson = begin("08_implicit_acceleration", profile=profile, seed=seed, device=device)
pages, races, real = (
    lesson.pages,
    lesson.runs,
    lesson.real,
)  # real: float64, on the device
draws = 16 if lesson.full else 4  # of the data of the race
longest = 6000 if lesson.full else 1200  # its steps

# %% [markdown]
# ## Predict
#
# A linear regression with the loss $\tfrac14$ mean $r^4$, where $r=x\cdot w-y$ is the residual. Now write
# $w=w_2w_1$ with a vector $w_1$ and one number $w_2$: a network of depth 2 with a single hidden unit. The
# same functions, one parameter more, a problem no longer convex. Both are trained by plain gradient
# descent, each with its best learning rate. Which is faster?
#
# *(a)* Neither. *(b)* The product is slower: it has to find its scale. *(c)* The product, several
# times. And with $\tfrac12r^2$ in place of $\tfrac14r^4$? Which usual optimiser would you race it
# against?

# %% tags=["nbval-check-output"]
my_guess = "?"  # "a", "b" or "c"
print("Your guess is kept; the race answers it.")

# %% [markdown]
# ## Smallest case
#
# Two coordinates that do not touch, $L(w)=\tfrac14(w_1-10)^4+\tfrac14(w_2-1)^4$. Descent multiplies
# each residual by $1-\eta r^2$. It shrinks while $\eta r^2<2$, so the larger residual decides:
# $\eta<2/10^2=.02$, though the other coordinate would bear a hundred times that. Later
# $r^2\approx1/(2\eta t)$, and $L\approx1/(8(\eta t)^2)$: a power of time, since the curvature fades with
# the residual.
#
# Depth 2 multiplies the learning rate by $2|w|$ along $w$ and by $|w|$ across it (the theory below).
# At first that is almost nothing, in the end about 20 and 10. With *the same* $\eta$ its loss should
# end $2/(\tfrac1{20^2}+\tfrac1{10^2})=160$ times lower. We allow 20 %, as $w$ is .1 radians off the first
# axis. But is the same $\eta$ allowed? Look right.

# %%
goals = torch.tensor([[10.0, 1.0]], **real)
toy = nets.power_loss(goals, 4)  # ¼(w₁ − 10)⁴ + ¼(w₂ − 1)⁴
near_zero = torch.full((2,), 0.01 / 2**0.5, **real)  # |w| = .01
toy_rates = torch.tensor([k / 10_000 for k in range(1, 601)], **real)
steps = [*range(1, 20), *range(20, 100, 5), *range(100, 2001, 50)]

losses = {}  # depth → (steps, rates)
for depth in ("depth 1", "depth 2"):
    losses[depth] = races.race(toy, near_zero, depth, toy_rates, steps)

law = 1 / (8 * (0.004 * torch.tensor(steps, **real)) ** 2)  # 1/(8(ηt)²)
pages.show_toy(steps, losses, toy_rates, 0.004, law)

# %%
ends = {depth: run[-1] for depth, run in losses.items()}  # the last step, (rates,)

# A rate is reliable if neither it nor any smaller one diverges.
reliable = {depth: end.isfinite().cumprod(0).bool() for depth, end in ends.items()}
limit = {depth: toy_rates[reliable[depth]].max() for depth in ends}
lesson.claim("acceleration/toy-limit").agrees(limit["depth 1"], 0.02, atol=2e-4)

late = ends["depth 1"][toy_rates == 0.0198]  # 1/(8(ηt)²), ηt = 39.6
lesson.claim("acceleration/toy-law").agrees(late, 7.97e-5, rtol=0.03)
gain = ends["depth 1"] / ends["depth 2"]
lesson.claim("acceleration/toy-gain").agrees(gain[toy_rates == 0.004], 160, rtol=0.2)

lowest = {depth: end[reliable[depth]].min() for depth, end in ends.items()}
tuned_gain = lowest["depth 1"] / lowest["depth 2"]
lesson.claim("acceleration/toy-tuned").holds(tuned_gain, above=5)
farthest = toy_rates[ends["depth 2"].isfinite()].max()  # on an island
lesson.claim("acceleration/toy-islands").holds(farthest / limit["depth 2"], above=2)

# %% [markdown]
# Depth 2 diverges from .006 on. What is left with the best reliable rate of each is a factor of
# about 13. Beyond, there are *islands*: between .034 and .039 depth 2 survives by luck, and ends a few
# hundred times below depth 1. A grid search would report that number; when we started ten times nearer
# to zero, or ten times further away, this island was gone, and others lay elsewhere.
#
# ## Theory
#
# **Setting.** A linear network of depth $N$ is a product of matrices, $W=W_N\cdots W_1$. Its loss $L(W)$ has
# gradient $G$ at the product. We descend on the factors with a small $\eta$ and weight decay $\lambda$, from
# a *balanced* start: $W_{j+1}^\top W_{j+1}=W_jW_j^\top$, each layer hands on what the one below gives it, in
# strength and direction (a start near zero is nearly balanced). **Result.** The product moves by
#
# $$W\leftarrow(1-\eta\lambda N)W-\eta\sum_{j=1}^N(WW^\top)^{\frac{j-1}N}\,G\,(W^\top W)^{\frac{N-j}N},$$
#
# whatever the hidden widths. With one output, $W$ is a vector $w$, and the sum is
#
# $$F(w)=|w|^{2-\frac2N}\Big(g+(N-1)\frac{w\cdot g}{|w|^2}\,w\Big).$$
#
# In the words of this course: a rule makes an update map out of a gradient, and factorising is
# *another rule for the same map*: $G$ goes through a *preconditioner*, a positive semi-definite
# matrix that stretches it before it is subtracted, and that changes with $W$.
#
# <details><summary>Why</summary>
#
# The gradient for factor $j$ is $(W_N\cdots W_{j+1})^\top G\,(W_{j-1}\cdots W_1)^\top$. To first order in $\eta$ the
# product moves by $-\eta\sum_jA_jA_j^\top G\,B_j^\top B_j$ with $A_j=W_N\cdots W_{j+1}$, $B_j=W_{j-1}\cdots W_1$. Balance
# makes all factors share their singular values, $s^{1/N}$, and telescopes
# $A_jA_j^\top=(WW^\top)^{(N-j)/N}$ and $B_j^\top B_j=(W^\top W)^{(j-1)/N}$; run $j$ backwards. Flow keeps the balance:
# both sides of it have the same derivative.
#
# </details>
#
# **Three readings.** *Direction:* along $w$ the gain is $N$ times that across it. *Momentum* (depth 2, one
# hidden number $w_2$): with $\rho_t=\eta w_2^2$ and $\gamma_t=\eta\,(\partial L/\partial w_2)/w_2$,
#
# $$w_{t+1}=(1-\gamma_t)\,w_t-\rho_tg_t,$$
#
# so past gradients stay in the step through $w_t$; where $\gamma_t<0$, that is momentum. *Schedule* (ours):
# $|w|^{2-2/N}$ is a learning rate that starts near zero and rises with $|w|$. Which of them makes the
# speed? The race will tell.
#
# **No regulariser.** Could the same path be descent on $L+R$, with some penalty $R(w)$? Then $F$ would be a
# gradient, and its *circulation* $\oint F\cdot dw$, the work along a closed loop, zero for every loop. The
# paper proves that it is none (for a loss whose gradient is not zero at the origin). For a constant
# gradient $g$ in the plane, with $\theta$ the angle from $g$ to $w$ (ours),
#
# $$\operatorname{curl}F=\frac{(N-1)(N-2)}N\,|w|^{1-\frac2N}\,|g|\sin\theta,$$
#
# which is **zero for $N=2$**: there $F=\nabla(|w|\,w\cdot g)$. The summary we have does not mention this
# exception; we do not know whether the theorem asks for $N>2$.
#
# | symbol | in code |
# |---|---|
# | balanced factors, their defect | `nets.deep_linear.balanced_factors`, `balancedness` |
# | $F$, the rule | `operators.end_to_end_direction`, `rules.end_to_end_map` |
# | preconditioner | `operators.end_to_end_preconditioner` |
# | $\oint F\cdot dw$, curl | `dynamics.loops.circulation`, `dynamics.loops.curl` |
#
# ## Experiment: rule against network
#
# Matrices of 3×6, $l_4$ loss (mean fourth power), $1/\eta$ steps, so that every run covers the same time.
# The network is trained for real, with hidden widths of 3 to 9; the rule never sees a factor. Their
# distance should *halve with $\eta$*, and so should the factors' distance from balance. Before that, the
# claims compare the preconditioner's eigenvalues with the gains: $N$ and 1 times $|w|^{2-2/N}$.

# %%
stream = lesson.stream("matrices")
x = torch.randn(40, 6, generator=stream, **real)  # inputs
true_matrix = torch.randn(6, 3, generator=stream, **real)
matrix = torch.randn(3, 6, generator=stream, **real)  # twice the start
turn = torch.randn(9, 9, generator=stream, **real)  # for nine hidden units

vector = torch.tensor([[8.0, 6.0]], **real)  # one row, |w| = 10
gains = {}  # N → the two eigenvalues over |w|^{2−2/N}
for n in (2, 3, 4):
    preconditioner = operators.end_to_end_preconditioner(vector, n).dense()  # 2×2
    gains[n] = torch.linalg.eigvalsh(preconditioner) / 10 ** (2 - 2 / n)
lesson.claim("acceleration/gains").agrees(gains, {n: [1, n] for n in gains}, rtol=1e-12)

# For a matrix each pair of singular values gives Σ_j s_r^{2(j−1)/N} s_s^{2(N−j)/N}.
s = torch.cat([torch.linalg.svdvals(matrix), torch.zeros(3, **real)])
rounding = {}
for n in (2, 3, 4):
    preconditioner = operators.end_to_end_preconditioner(matrix, n).dense()  # 18×18
    pairs = torch.zeros(3, 6, **real)
    for j in range(1, n + 1):
        pairs += torch.outer(s[:3] ** (2 * (j - 1) / n), s ** (2 * (n - j) / n))
    eigenvalues = torch.linalg.eigvalsh(preconditioner)  # in increasing order
    rounding[n] = eigenvalues - pairs.flatten().sort().values
lesson.claim("acceleration/eigenvalues").agrees(rounding, 0, atol=1e-12)

# %%
slow_rates = torch.tensor([2e-3, 1e-3, 5e-4], **real)
matrix_loss = nets.lp_loss(x, x @ true_matrix / 2, 4)
factors = {
    "depth 2": balanced_factors(matrix / 2, [6, 3, 3]),
    "depth 3": balanced_factors(matrix / 2, [6, 4, 5, 3]),
    "depth 4": balanced_factors(matrix / 2, [6, 3, 3, 3, 3]),
}

gaps = {}  # between descent on the layers and the rule, after 1/η steps
for depth, layers in factors.items():
    gaps[depth] = races.rule_gap(layers, matrix_loss, slow_rates)

decaying = races.rule_gap(factors["depth 3"], matrix_loss, slow_rates, weight_decay=0.1)
gaps["depth 3, decay .1"] = decaying
pages.show_rule(slow_rates, gaps)

# %%
halved = {name: gap.distance[:-1] / gap.distance[1:] for name, gap in gaps.items()}
with_decay = halved.pop("depth 3, decay .1")
lesson.claim("acceleration/rule").agrees(halved, 2, atol=0.2)
lesson.claim("acceleration/rule-decay").agrees(with_decay, 2, atol=0.2)

drift = {name: gap.imbalance[:-1] / gap.imbalance[1:] for name, gap in gaps.items()}
lesson.claim("acceleration/balance").agrees(drift, 2, atol=0.2)

# The same product through nine hidden units that a rotation Q mixes: Q W₁ and W₂ Qᵀ.
first, second = balanced_factors(matrix / 2, [6, 9, 3])
rotation = torch.linalg.qr(turn).Q
wide = races.rule_gap([rotation @ first, second @ rotation.mT], matrix_loss, slow_rates)
lesson.claim("acceleration/widths").agrees(
    wide.product, gaps["depth 2"].product, rtol=1e-9
)

# %% [markdown]
# All points lie on lines of slope one. Nine hidden units in place of three, and turned at random,
# change nothing but rounding: the rule has no place for a width.
#
# ## Experiment: a race
#
# A **surrogate** for the paper's sensor data: 600 heavy-tailed examples with 32 features of condition
# number 63.1, no noise, $y$ of size 3, $|w_e(0)|=.01$ in a random direction. Every method gets a grid of
# learning rates, a factor $10^{1/8}=1.33$ apart, and keeps the one that reaches loss .01 in the fewest
# steps (who never does counts with the whole run). Besides networks: *momentum* keeps .9 of its last step and adds the gradient; *AdaGrad* divides
# each coordinate by the root of its summed squares so far; *AdaDelta* by that of a running mean, times the
# size of its recent steps. *Scale of depth 2* is plain descent with the learning rate $\eta|w|$: the
# preconditioner without its direction. *Warm-up of 30* is plain descent whose rate grows evenly to $\eta$
# over the first 30 steps, whatever $w$ does. (Only rates are tuned, neither .9 nor 30.)
#
# The claims are about averages over draws of the data, and ask for more than one step of the grid. Look
# at who beats whom, and at the spread between draws.

# %%
streams = [lesson.stream("data", draw) for draw in range(draws)]
inputs, targets, truth = datasets.heavy_tailed_regressions(streams)  # (draws, ...)
start = torch.randn(draws, 32, generator=lesson.stream("start"), **real)
start *= 0.01 / start.norm(dim=-1, keepdim=True)

grid = 10 ** (torch.arange(27, **real) / 8 - 2.5)  # .003 to 5.6
rates = dict.fromkeys(races.METHODS, grid)
rates["AdaDelta"] = 10 ** (torch.arange(25, **real) / 8)  # from 1, its default, to 1000

quartic = races.regressions(inputs, targets, 4)
l4 = races.tuned_race(quartic, start, rates, steps=longest, target=0.01)

square = races.regressions(inputs, targets, 2)
deep = ("depth 2", "depth 3")
few = ("depth 1", *deep, "momentum", "AdaGrad")
few_rates = {method: rates[method] for method in few}
l2 = races.tuned_race(square, start, few_rates, steps=200, target=0.01)
pages.show_race(l4, l2)

# %%
at_end = torch.stack([run.at_end for run in (*l4.values(), *l2.values())])
lesson.claim("acceleration/inside-grids").holds(int(at_end.sum()), below=1)

faster = {depth: l4["depth 1"].mean_steps / l4[depth].mean_steps for depth in deep}
lesson.claim("acceleration/quartic").holds(faster, above=1.34)
faster = {depth: l2["depth 1"].mean_steps / l2[depth].mean_steps for depth in deep}
lesson.claim("acceleration/square").holds(faster, below=1.34)

depth_2 = l4["depth 2"].mean_steps  # the geometric mean over draws
adagrad = l4["AdaGrad"].mean_steps
lesson.claim("acceleration/adagrad").holds(adagrad / depth_2, above=1.34)
default = races.geometric_mean(l4["AdaDelta"].grid[:, 0])  # at rate 1, its default
lesson.claim("acceleration/adadelta").holds(default / depth_2, above=1.34)

baselines = [l4["momentum"].mean_steps / depth_2, l4["AdaDelta"].mean_steps / depth_2]
lesson.claim("acceleration/tuned-baselines").holds(baselines, below=0.74)
scale = l4["scale of depth 2"].mean_steps
lesson.claim("acceleration/scale-alone").holds(scale / depth_2, below=0.74)
warm_up = l4["warm-up of 30"].mean_steps
lesson.claim("acceleration/warm-up").holds(warm_up / scale, below=0.74)

# %% [markdown]
# It is (c) for $l_4$: a few times fewer steps, in every draw shown. How many depends on the draw; heavy
# tails make it ragged, and a single number would say little. For $l_2$ depth gains nothing. AdaGrad, and
# AdaDelta at its default rate, need more steps than depth 2. So far the paper's findings hold on our
# surrogate.
#
# **And yet depth is not the method to take.** Ordinary momentum needs a fraction of its steps, and so
# does AdaDelta at rates of hundreds, where few would look. And *the scale alone beats the whole rule*:
# take the direction away, and on average it gets faster. The scale need not even know $w$: the plain
# warm-up does better still. What helps is a learning rate that grows. Early on, residuals are large and force a small rate; later the curvature has faded, and a constant rate is far
# too small. Depth supplies $\eta|w|^{2-2/N}$, which rises from almost nothing. For $l_2$ the curvature never
# fades, and there is nothing to gain.

# %% [markdown]
# ## Experiment: once around a loop
#
# A potential would make every circulation zero. Two loops: a half-ring in the field of a constant
# gradient, against the theory's line (drawn between whole numbers, too); and a circle around
# $(1,\tfrac12)$ for the loss $\tfrac12w^\top Hw-b\cdot w$, $H=\begin{pmatrix}2&.3\\.3&1\end{pmatrix}$,
# $b=(1,-\tfrac12)$. Look at depth 2.

# %%
g = torch.tensor([1.0, 0.0], **real)
H = torch.tensor([[2.0, 0.3], [0.3, 1.0]], **real)
b = torch.tensor([1.0, -0.5], **real)


def constant_gradient(w):
    return g.expand_as(w)


def quadratic_gradient(w):
    return w @ H - b  # H is symmetric


half_ring = lesson.ring.half_annulus_loop(0.5, 1.0, num_edges=2000).to(lesson.device)
center = torch.tensor([1.0, 0.5], **real)
angle = torch.arange(200, **real) * math.pi / 100
circle = center + 0.4 * torch.stack([angle.cos(), angle.sin()], dim=-1)  # (200, 2)

depths = (1, 2, 3, 4)
constant = {n: dynamics.loops.end_to_end_field(constant_gradient, n) for n in depths}
quadratic = {n: dynamics.loops.end_to_end_field(quadratic_gradient, n) for n in depths}
around_ring = {n: dynamics.loops.circulation(constant[n], half_ring) for n in depths}
around_circle = {n: dynamics.loops.circulation(quadratic[n], circle) for n in depths}
pages.show_loops(constant[3], half_ring, circle, around_ring, around_circle)

# %%
from_three = [around_ring[3], around_ring[4]]
lesson.claim("acceleration/no-potential").agrees(
    from_three, [0.458043, 0.987868], atol=2e-6
)
lesson.claim("acceleration/depth-two").agrees(
    [around_ring[1], around_ring[2]], 0, atol=1e-12
)
curl = dynamics.loops.curl(quadratic[2], center)
lesson.claim("acceleration/quadratic").agrees(curl, 0.245967, atol=1e-6)
lesson.claim("acceleration/depth-two-caught").holds(around_circle[2], above=0.05)

# %% [markdown]
# From depth 3 on even a constant gradient has circulation: no function of $w$, with whatever regulariser,
# has this descent. Depth 2 passes that test, and fails with curvature.
#
# ## Explore
#
# *Plane:* directions of $-g$ and $-F$ at a point, the preconditioner's ellipse, and the circulation along
# a loop around it. Try depth 2 with each loss. *Race:* a small regression; move the learning rate and
# the size of the start. Where does depth beat one matrix? Without a kernel you see the first picture of
# each.

# %% tags=["nbval-ignore-output"]
lesson.explore.chapter().show()

# %% [markdown]
# ## Break an assumption
#
# **Out of balance.** The same product, one factor $c$ times larger, the other $c$ times smaller: does the
# rule still hold as $\eta\to0$? **Large steps.** The smallest case again, over all its learning rates:
# network and rule of depth 2, side by side.

# %%
first, second = factors["depth 2"]
skewed = {}
for c in (1.0, 1.1, 1.5, 3.0):
    gap = races.rule_gap([c * first, second / c], matrix_loss, slow_rates)
    skewed[f"c = {c:g}"] = gap

network = ends["depth 2"]  # after 2,000 steps, (rates,)
rule = races.race(toy, near_zero, "rule of depth 2", toy_rates, [2000])[-1]
pages.show_broken(slow_rates, skewed, toy_rates, {"network": network, "rule": rule})

stuck = skewed["c = 3"].distance
lesson.claim("acceleration/unbalanced").agrees(stuck[:-1] / stuck[1:], 1, atol=0.05)
lesson.claim("acceleration/unbalanced-size").holds(stuck, above=0.1)

only_one = (network.isfinite() != rule.isfinite()).sum()  # of the two converges
lesson.claim("acceleration/large-steps").holds(int(only_one), above=0)
ratio = (rule / network)[(toy_rates >= 0.001) & (toy_rates <= 0.002)]
lesson.claim("acceleration/small-steps").agrees(ratio, 1, rtol=0.2)

# %% [markdown]
# Out of balance the distance stays, whatever $\eta$; weights drawn as usual are balanced only if they
# are tiny. And at rates one would tune, network and rule part: each has its own range and its own
# islands. The rule describes small steps; what tuned deep networks do is another question.
#
# **Two readings put to the test.** We take a trained network apart: $\rho_t$, $\gamma_t$, and the gradients at
# the product. If the momentum form is right, they rebuild $w_t$ up to $O(\eta)$. Then: how much do past
# gradients weigh in a tuned step? Guess before you look left.

# %%
regression = nets.lp_loss(inputs[0], targets[0], 4)  # the first draw of the race
halving = (1e-3, 5e-4, 2.5e-4)
slow = [races.memory(regression, start[0], eta, round(1 / eta)) for eta in halving]

errors = torch.tensor([run.error for run in slow])  # of the last w, rebuilt
lesson.claim("acceleration/memory").agrees(errors[:-1] / errors[1:], 2, atol=0.2)
signs = [(run.gamma < 0).double().mean() for run in slow]  # shares of steps
lesson.claim("acceleration/momentum-sign").holds(signs, above=0.5)

# %%
rate_1 = float(l4["depth 1"].rate[0])  # tuned for this draw
rate_2 = float(l4["depth 2"].rate[0])
tuned = races.memory(regression, start[0], rate_2, 300)
shown = [10, 30, 100]  # steps
pages.show_memory(tuned, shown, rate_1)

past = {step: tuned.weights(step)[1:].sum() for step in shown}  # the newest weighs 1
lesson.claim("acceleration/little-memory").holds(past, below=0.1)
lesson.claim("acceleration/past-share").holds(tuned.share[shown], above=0.1)

ahead = {}  # the speed-up over the ratio of rates at the end
for n in (2, 3):
    run = l4[f"depth {n}"]
    risen = run.rate * truth.norm(dim=-1) ** (2 - 2 / n)  # η|w|^{2−2/N}
    speed_up = l4["depth 1"].steps / run.steps
    ahead[n] = races.geometric_mean(speed_up / (risen / l4["depth 1"].rate))
lesson.claim("acceleration/risen-rate").holds(ahead, between=(0.5, 2))

# %% [markdown]
# The form is right, and the sign is momentum's. But *all past gradients together* weigh less than a
# tenth of the newest; in momentum .9, nine times as much as it. Yet the old ones were long: what they add
# to the step, $-\gamma_tw_t$, is more than a tenth as long as the newest one's part. What is it? In balance
# $w_2^2=|w|$, so $\gamma_tw_t=\rho_t\,\frac{w\cdot g_t}{|w|^2}\,w$: the second gain along $w$. *Direction* and
# *momentum* are one thing under two names, and *scale of depth 2* is the rule without it, which won. What
# helps is on the right: the rate of the newest gradient rises within a few steps, and stays above tuned
# descent's. The ratio of the two at the end tells the average speed-up of depth within a factor of 2.
#
# ## Your turn
#
# `lesson.hint(1, 1)` to `lesson.hint(1, 3)` help; `lesson.reveal(1)` shows a solution.

# %% [markdown] tags=["exercise:08.1"]
# ### Exercise 08.1 · The largest learning rate
#
# The smallest case with goals 5 and 1, from 0. Set `rate` to the largest learning rate (its limit) with
# which plain descent converges.

# %% tags=["answer:08.1"]
rate = ...  # SOLUTION

# %% tags=["check:08.1"]
lesson.check(1, rate)

# %% [markdown] tags=["exercise:08.2"]
# ### Exercise 08.2 · Which depths have a potential?
#
# The gradient is constant. For which depths is $F$ the gradient of some function? Answer with a letter.

# %% tags=["answer:08.2"]
letter = ...  # SOLUTION

# %% tags=["check:08.2"]
lesson.check(2, letter)

# %% [markdown] tags=["exercise:08.3"]
# ### Exercise 08.3 · The direction of depth
#
# `direct(w, g, depth)`: vectors `(..., d)`, $w\ne0$; return $F(w)$, `(..., d)`. `w = [4., 0.]`,
# `g = [1., 1.]` and depth 2 give `[8., 4.]`. (See afterwards: which `g` does depth not turn?)


# %% tags=["answer:08.3"]
def direct(w, g, depth):
    """Returns where depth N moves a vector w whose loss has gradient g, (..., d)."""
    # SOLUTION


# %% tags=["check:08.3"]
lesson.check(3, direct)

# %% [markdown] tags=["exercise:08.4"]
# ### Exercise 08.4 · A circulation meter
#
# `circulate(field, loop)`: `field` takes points `(n, 2)` to vectors `(n, 2)`, `loop` holds the corners of a
# polygon, `(n, 2)`, the last joined to the first. Return $\oint F\cdot dx$, a number, exact for linear fields.
# The field $(x-y,\,x+y)$ around the unit square (counter-clockwise) gives 2.


# %% tags=["answer:08.4"]
def circulate(field, loop):
    """Returns the circulation of a field around a closed polygon."""
    # SOLUTION


# %% tags=["check:08.4"]
lesson.check(4, circulate)

# %% [markdown] tags=["exercise:08.5"]
# ### Exercise 08.5 · Depth two is caught
#
# Loss $\tfrac12(4w_1^2+w_2^2)$, depth 2. Measure the circulation of $F$, counter-clockwise around the rectangle
# $[1,3]\times[1,2]$, within 1 %, and set `caught` to it. With $2w_1^2$ in place of $4w_1^2$ it is about 2.30.

# %% tags=["answer:08.5"]
# BEGIN SOLUTION
curvatures = torch.tensor([4.0, 1.0], dtype=torch.float64)
bent = dynamics.loops.end_to_end_field(lambda w: curvatures * w, 2)
corners = torch.tensor([[1, 1], [3, 1], [3, 2], [1, 2]], dtype=torch.float64)
caught = float(dynamics.loops.circulation(bent, corners))
# END SOLUTION

# %% tags=["check:08.5"]
lesson.check(5, caught)

# %% [markdown]
# See afterwards: with equal curvatures it vanishes. Why?

# %% [markdown] tags=["exercise:08.6"]
# ### Exercise 08.6 · No regulariser does it
#
# Prove the formula for curl $F$ (constant gradient, in the plane), say what it means for descent on
# $L+R$, and why $N=2$ is different.

# %% [markdown] tags=["answer:08.6"] points=4
# SOLUTION

# %% [markdown]
# ## At full scale
#
# Four times as many draws, five times as many steps. The paper's own regression (ethanol concentrations from 128 gas
# sensors' features) is run if its data can be loaded; we could not, so nothing here is claimed about it. We
# did not repeat the paper's convolutional network.

# %%
ethanol = None
read_at = range(0, 2001, 10)  # steps
if profile == "full":
    ethanol = races.ethanol_race(read_at, device=lesson.device)
if ethanol is None:
    print("Data: the surrogate.")
else:
    pages.show_ethanol(read_at, ethanol)
    print("Data: the surrogate, and the paper's ethanol data.")
lesson.full_scale()

# %% [markdown]
# Repeat it with `bsgd run 08 --profile full`.
#
# ## Claims of this chapter

# %%
lesson.claims_table()

# %% [markdown]
# ## Five lines to remember
#
# 1. Factorising is a rule: the same gradient, another update map. Widths do not enter.
# 2. It needs a balanced start and small steps; the error is $O(\eta)$, or else it does not vanish.
# 3. For $l_4$ depth is a few times faster than plain descent, for $l_2$ it is not.
# 4. On our data the growing scale $|w|^{2-2/N}$ does it; a plain warm-up does it better, momentum too.
# 5. No regulariser gives the rule: it circulates, for $N=2$ only where there is curvature.
#
# ### Further reading
#
# S. Arora, N. Cohen, N. Golowich, W. Hu, *A convergence analysis of gradient descent for deep linear neural
# networks* (2019); A. Saxe, J. McClelland, S. Ganguli, *Exact solutions to the nonlinear dynamics of
# learning in deep linear neural networks* (2014).
#
# ### Versions
#
# `bsgd version` names what the package stands on here; `constraints.txt` pins what it was tried with.
