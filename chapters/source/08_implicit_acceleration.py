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
profile = "quick"  # or "full": 4 times the draws, 5 times the steps, the paper's data if at hand
seed = 0
device = "auto"

# %% tags=["setup"]
import math

import torch

from bsgd_edu import datasets, dynamics, explorers, nets, operators
from bsgd_edu.course import begin, check, claim, claims_table, full_scale
from bsgd_edu.nets.deep_linear import balanced_factors
from bsgd_edu.plot import acceleration_pages as pages
from bsgd_edu.seeding import generator
from bsgd_edu.training import races

where = begin(device, profile)
draws, longest = {"quick": (4, 1200), "full": (16, 6000)}[profile]
real = {"dtype": torch.float64, "device": where}

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
goal = torch.tensor([10.0, 1.0], **real)
toy = nets.ProductLoss(lambda w: ((w - goal) ** 4).sum((-2, -1)) / 4, lambda w: (w - goal) ** 3)
begin, many = torch.full((2,), 0.01 / 2**0.5, **real), torch.arange(1, 601, **real) / 1e4
at = [*range(1, 20), *range(20, 100, 5), *range(100, 2001, 50)]
runs = {f"depth {n}": races.race(toy, begin, f"depth {n}", many, at) for n in (1, 2)}
ends, same = ({name: run[i] for name, run in runs.items()} for i in (-1, (slice(None), 39)))
pages.show_toy(at, same, 1 / (8 * (0.004 * torch.tensor(at, **real)) ** 2), many, ends)
safe = {name: int(end.isfinite().cumprod(0).sum()) for name, end in ends.items()}  # up to here
claim("acceleration/toy-limit").agrees(many[safe["depth 1"] - 1], 0.02, atol=2e-4)
claim("acceleration/toy-law").agrees(ends["depth 1"][197], 7.97e-5, rtol=0.03)  # η = .0198
claim("acceleration/toy-gain").agrees(same["depth 1"][-1] / same["depth 2"][-1], 160, rtol=0.2)
lowest = {name: end[: safe[name]].min() for name, end in ends.items()}
claim("acceleration/toy-tuned").holds(lowest["depth 1"] / lowest["depth 2"], above=5)
island = many[ends["depth 2"].isfinite()][-1]
claim("acceleration/toy-islands").holds(island / many[safe["depth 2"] - 1], above=2)

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
# | $\oint F\cdot dw$, curl | `dynamics.circulation`, `dynamics.curl` |
#
# ## Experiment: rule against network
#
# Matrices of 3×6, $l_4$ loss (mean fourth power), $1/\eta$ steps, so that every run covers the same time.
# The network is trained for real, with hidden widths of 3 to 9; the rule never sees a factor. Their
# distance should *halve with $\eta$*, and so should the factors' distance from balance. Before that, the
# claims compare the preconditioner's eigenvalues with the gains: $N$ and 1 times $|w|^{2-2/N}$.

# %%
stream, slow = generator(seed, "matrices", device=where), torch.tensor([2e-3, 1e-3, 5e-4], **real)
x, truth, matrix, turn = (
    torch.randn(*shape, generator=stream, **real) for shape in ((40, 6), (6, 3), (3, 6), (9, 9))
)
row, squeezed, spectra = torch.tensor([[8.0, 6.0]], **real), [], []
for n in (2, 3, 4):
    two, all_18 = (operators.end_to_end_preconditioner(w, n).dense() for w in (row, matrix))
    squeezed.append(torch.linalg.eigvalsh(two) / 10 ** (2 - 2 / n))  # |w| = 10
    s = torch.cat([torch.linalg.svdvals(matrix), torch.zeros(3, **real)]) ** (2 / n)
    pairs = sum(s[:3, None] ** j * s ** (n - 1 - j) for j in range(n)).flatten().sort()[0]
    spectra.append(torch.linalg.eigvalsh(all_18) - pairs)
claim("acceleration/gains").agrees(squeezed, [[1, 2], [1, 3], [1, 4]], rtol=1e-12)
claim("acceleration/eigenvalues").agrees(torch.stack(spectra), 0, atol=1e-12)
loss, layers = nets.lp_loss(x, x @ truth / 2, 4), ([6, 3, 3], [6, 4, 5, 3], [6, 3, 3, 3, 3])
factors = {f"depth {len(w) - 1}": balanced_factors(matrix / 2, w) for w in layers}
gaps = {name: races.rule_gap(parts, loss, slow) for name, parts in factors.items()}
gaps["depth 3, decay .1"] = races.rule_gap(factors["depth 3"], loss, slow, weight_decay=0.1)
pages.show_rule(slow, gaps)
halved, drift = (torch.stack([gap[i][:-1] / gap[i][1:] for gap in gaps.values()]) for i in (0, 1))
claim("acceleration/rule").agrees(halved[:3], 2, atol=0.2)
claim("acceleration/rule-decay").agrees(halved[3], 2, atol=0.2)
claim("acceleration/balance").agrees(drift, 2, atol=0.2)
(first, second), turn = balanced_factors(matrix / 2, [6, 9, 3]), torch.linalg.qr(turn).Q
wide = races.rule_gap([turn @ first, second @ turn.mT], loss, slow)  # 9 hidden units, turned
claim("acceleration/widths").agrees(wide.product, gaps["depth 2"].product, rtol=1e-9)

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
rows = [datasets.heavy_tailed_regression(generator=generator(seed, "data", k, device=where))
        for k in range(draws)]  # fmt: skip
inputs, targets, truth = (torch.stack(part) for part in zip(*rows, strict=True))
start = torch.randn(draws, 32, generator=generator(seed, "start", device=where), **real)
start *= 0.01 / start.norm(dim=-1, keepdim=True)
rates = dict.fromkeys(races.METHODS, 10 ** (torch.arange(27, **real) / 8 - 2.5))
rates["AdaDelta"] = 10 ** (torch.arange(25, **real) / 8)  # from 1, its default, to 1000
four = races.tuned_race(races.regressions(inputs, targets, 4), start, rates, longest, 0.01)
some = {m: rates[m] for m in ("depth 1", "depth 2", "depth 3", "momentum", "AdaGrad")}
two = races.tuned_race(races.regressions(inputs, targets, 2), start, some, 200, 0.01)
pages.show_race(four, two)
at_end = [run.at_end for run in (*four.values(), *two.values())]
claim("acceleration/inside-grids").holds(torch.stack(at_end).sum().item(), below=1)
need = {m: (run.steps / four["depth 2"].steps).log().mean().exp() for m, run in four.items()}
deep = torch.stack([four["depth 1"].steps / four[f"depth {n}"].steps for n in (2, 3)]).log()
claim("acceleration/quartic").holds(deep.mean(-1).exp(), above=1.34)
logs = torch.stack([two[f"depth {n}"].steps for n in (1, 2, 3)]).log().mean(-1)
claim("acceleration/square").holds((logs[0] - logs[1:]).exp(), below=1.34)
claim("acceleration/adagrad").holds(need["AdaGrad"], above=1.34)
default = (four["AdaDelta"].grid[:, 0] / four["depth 2"].steps).log().mean().exp()
claim("acceleration/adadelta").holds(default, above=1.34)
claim("acceleration/tuned-baselines").holds([need["momentum"], need["AdaDelta"]], below=0.74)
claim("acceleration/scale-alone").holds(need["scale of depth 2"], below=0.74)
claim("acceleration/warm-up").holds(need["warm-up of 30"] / need["scale of depth 2"], below=0.74)

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
flat, hessian = torch.tensor([1.0, 0.0], **real), torch.tensor([[2.0, 0.3], [0.3, 1.0]], **real)
shift, angle = torch.tensor([1.0, -0.5], **real), torch.arange(200, **real) * math.pi / 100
circle = torch.tensor([1.0, 0.5], **real) + 0.4 * torch.stack([angle.cos(), angle.sin()], -1)
ring = dynamics.half_annulus_loop(0.5, 1.0, num_edges=2000).to(where)
constant = [dynamics.end_to_end_field(lambda w: flat.expand_as(w), n) for n in (1, 2, 3, 4)]
quadratic = [dynamics.end_to_end_field(lambda w: w @ hessian - shift, n) for n in (1, 2, 3, 4)]
around_ring = torch.stack([dynamics.circulation(field, ring) for field in constant])
around_circle = torch.stack([dynamics.circulation(field, circle) for field in quadratic])
collected = {"constant gradient, half-ring": around_ring, "quadratic loss, circle": around_circle}
loops = {"half-ring": ring, "circle": circle}
pages.show_loops(constant[2], loops, collected, radii=(0.5, 1.0))
claim("acceleration/no-potential").agrees(around_ring[2:], [0.458043, 0.987868], atol=2e-6)
claim("acceleration/depth-two").agrees(around_ring[:2], 0, atol=1e-12)
curl = dynamics.curl(quadratic[1], torch.tensor([1.0, 0.5], **real))
claim("acceleration/quadratic").agrees(curl, 0.245967, atol=1e-6)
claim("acceleration/depth-two-caught").holds(around_circle[1], above=0.05)

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
explorers.acceleration.chapter().show()

# %% [markdown]
# ## Break an assumption
#
# **Out of balance.** The same product, one factor $c$ times larger, the other $c$ times smaller: does the
# rule still hold as $\eta\to0$? **Large steps.** The smallest case again, over all its learning rates:
# network and rule of depth 2, side by side.

# %%
first, second = factors["depth 2"]
scales = {f"c = {c:g}": [c * first, second / c] for c in (1.0, 1.1, 1.5, 3.0)}
skewed = {name: races.rule_gap(pair, loss, slow) for name, pair in scales.items()}
ruled = races.race(toy, begin, "rule of depth 2", many, [2000])[-1]
pages.show_broken(slow, skewed, many, {"network": ends["depth 2"], "rule": ruled})
stuck = skewed["c = 3"].distance
claim("acceleration/unbalanced").agrees(stuck[:-1] / stuck[1:], 1, atol=0.05)
claim("acceleration/unbalanced-size").holds(stuck, above=0.1)
apart = ends["depth 2"].isfinite() != ruled.isfinite()
claim("acceleration/large-steps").holds(apart.sum().item(), above=0)
slight = ruled[9:20] / ends["depth 2"][9:20]  # η from .001 to .002
claim("acceleration/small-steps").agrees(slight, 1, rtol=0.2)

# %% [markdown]
# Out of balance the distance stays, whatever $\eta$; weights drawn as usual are balanced only if they
# are tiny. And at rates one would tune, network and rule part: each has its own range and its own
# islands. The rule describes small steps; what tuned deep networks do is another question.
#
# **Two readings put to the test.** We take a trained network apart: $\rho_t$, $\gamma_t$, and the gradients at
# the product. If the momentum form is right, they rebuild $w_t$ up to $O(\eta)$. Then: how much do past
# gradients weigh in a tuned step? Guess before you look left.

# %%
one = nets.lp_loss(inputs[0], targets[0], 4)
slower = [races.memory(one, start[0], eta, round(1 / eta)) for eta in (1e-3, 5e-4, 2.5e-4)]
errors = torch.tensor([parts.error for parts in slower])
claim("acceleration/memory").agrees(errors[:-1] / errors[1:], 2, atol=0.2)
signs = [(parts.gamma < 0).double().mean() for parts in slower]
claim("acceleration/momentum-sign").holds(signs, above=0.5)
tuned, ages = races.memory(one, start[0], float(four["depth 2"].rate[0]), 300), (10, 30, 100)
pages.show_memory(tuned, ages, float(four["depth 1"].rate[0]))
past = [tuned.weights(step)[1:].sum() for step in ages]
claim("acceleration/little-memory").holds(past, below=0.1)
claim("acceleration/past-share").holds(tuned.share[list(ages)], above=0.1)
risen = [four[f"depth {n}"].rate * truth.norm(dim=-1) ** (2 - 2 / n) for n in (2, 3)]
ahead = deep - torch.stack(risen).log() + four["depth 1"].rate.log()
claim("acceleration/risen-rate").holds(ahead.mean(-1).exp(), between=(0.5, 2))

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
# `hint("08.1", 1)` to `hint("08.1", 3)` help; `reveal("08.1")` shows a solution.

# %% [markdown] tags=["exercise:08.1"]
# ### Exercise 08.1 · The largest learning rate
#
# The smallest case with goals 5 and 1, from 0. Set `rate` to the largest learning rate (its limit) with
# which plain descent converges.

# %% tags=["answer:08.1"]
# BEGIN SOLUTION
rate = 2 / 5**2
# END SOLUTION

# %% tags=["check:08.1"]
check("08.1", rate)

# %% [markdown] tags=["exercise:08.2"]
# ### Exercise 08.2 · Which depths have a potential?
#
# The gradient is constant. For which depths is $F$ the gradient of some function? Answer with a letter.
#
# - a) Only $N=1$.
# - b) $N=1$ and $N=2$.
# - c) Every even $N$.
# - d) All: descent on the factors descends a loss, so $F$ is that loss's gradient.
# - e) None of them, not even $N=1$.

# %% tags=["answer:08.2"]
# BEGIN SOLUTION
letter = "b"
# END SOLUTION

# %% tags=["check:08.2"]
check("08.2", letter)

# %% [markdown] tags=["exercise:08.3"]
# ### Exercise 08.3 · The direction of depth
#
# `direct(w, g, depth)`: vectors `(..., d)`, $w\ne0$; return $F(w)$, `(..., d)`. `w = [4., 0.]`,
# `g = [1., 1.]` and depth 2 give `[8., 4.]`. (See afterwards: which `g` does depth not turn?)


# %% tags=["answer:08.3"]
def direct(w, g, depth):
    """Returns where depth N moves a vector w whose loss has gradient g, (..., d)."""
    # BEGIN SOLUTION
    size = w.norm(dim=-1, keepdim=True)
    along = (w * g).sum(-1, keepdim=True) * w / size**2
    return size ** (2 - 2 / depth) * (g + (depth - 1) * along)
    # END SOLUTION


# %% tags=["check:08.3"]
check("08.3", direct)

# %% [markdown] tags=["exercise:08.4"]
# ### Exercise 08.4 · A circulation meter
#
# `circulate(field, loop)`: `field` takes points `(n, 2)` to vectors `(n, 2)`, `loop` holds the corners of a
# polygon, `(n, 2)`, the last joined to the first. Return $\oint F\cdot dx$, a number, exact for linear fields.
# The field $(x-y,\,x+y)$ around the unit square (counter-clockwise) gives 2.


# %% tags=["answer:08.4"]
def circulate(field, loop):
    """Returns the circulation of a field around a closed polygon."""
    # BEGIN SOLUTION
    edges = loop.roll(-1, 0) - loop
    return float((field(loop + edges / 2) * edges).sum())
    # END SOLUTION


# %% tags=["check:08.4"]
check("08.4", circulate)

# %% [markdown] tags=["exercise:08.5"]
# ### Exercise 08.5 · Depth two is caught
#
# Loss $\tfrac12(4w_1^2+w_2^2)$, depth 2. Measure the circulation of $F$, counter-clockwise around the rectangle
# $[1,3]\times[1,2]$, within 1 %, and set `caught` to it. With $2w_1^2$ in place of $4w_1^2$ it is about 2.30.

# %% tags=["answer:08.5"]
# BEGIN SOLUTION
bent = dynamics.end_to_end_field(lambda w: w * torch.tensor([4.0, 1.0], dtype=torch.float64), 2)
corners = torch.tensor([[1, 1], [3, 1], [3, 2], [1, 2]], dtype=torch.float64)
caught = float(dynamics.circulation(bent, corners))
# END SOLUTION

# %% tags=["check:08.5"]
check("08.5", caught)

# %% [markdown]
# See afterwards: with equal curvatures it vanishes. Why?

# %% [markdown] tags=["exercise:08.6"]
# ### Exercise 08.6 · No regulariser does it
#
# Prove the formula for curl $F$ (constant gradient, in the plane), say what it means for descent on
# $L+R$, and why $N=2$ is different.

# %% [markdown] tags=["answer:08.6"] points=4
# BEGIN SOLUTION
# Let $g=(1,0)$, $a=2-2/N$. Along $w$ the component of $g$ is $\cos\theta$, across it $-\sin\theta$, so
# $F_r=Nr^a\cos\theta$, $F_\theta=-r^a\sin\theta$, and $\operatorname{curl}F=(\partial_r(rF_\theta)-\partial_\theta F_r)/r
# =(N-1-a)\,r^{a-1}\sin\theta$ with $N-1-a=N-3+2/N=(N-1)(N-2)/N$. For $N\ge3$ it is positive in the upper
# half-plane, so loops there have positive circulation; a gradient's is zero. If descent on $L+R$ moved $w$
# along $F$, then $F=\nabla(L+R)$: impossible. For $N=2$ it vanishes: $F=\nabla(|w|\,w\cdot g)$.
# END SOLUTION

# %% [markdown]
# ## At full scale
#
# Four times as many draws, five times as many steps. The paper's own regression (ethanol concentrations from 128 gas
# sensors' features) is run if its data can be loaded; we could not, so nothing here is claimed about it. We
# did not repeat the paper's convolutional network.

# %%
there = races.ethanol_race(range(0, 2001, 10), device=where) if profile == "full" else None
if there is not None:
    pages.show_ethanol(range(0, 2001, 10), there)
print("Data:", "the surrogate" if there is None else "the surrogate, and the paper's ethanol data.")
full_scale("08_implicit_acceleration")

# %% [markdown]
# Repeat it with `bsgd run 08 --profile full`.
#
# ## Claims of this chapter

# %%
claims_table("08_implicit_acceleration")

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
