# %% [markdown]
# # 7 · Learning dynamics by random matrices
#
# **The picture below holds two surprises. Training accuracy climbs, while accuracy on new samples
# rises, turns and falls, though no label is wrong. And the two black lines were computed before any
# data were drawn.** When should you stop? How small should you start? How many samples are enough?
# You usually answer by trying. By the end you can compute such a curve from three numbers, and you
# know for which data you must not believe it.
#
# *Paper:* Z. Liao and R. Couillet, [The Dynamics of Learning](https://arxiv.org/abs/1805.11917)
# (2018). *Time:* about three hours with the exercises. *You need:* chapter 1.

# %% tags=["parameters"]
profile = "quick"  # or "full": larger data, more runs, MNIST for digits
seed = 0
device = "auto"

# %% tags=["setup"]
import torch

from bsgd_edu import datasets, rmt
from bsgd_edu.course import begin
from bsgd_edu.estimates import Estimate, gap_and_stderr, mean_and_stderr
from bsgd_edu.maps import AffineMap, forward_orbit

lesson = begin("07_learning_dynamics", profile=profile, seed=seed, device=device)
pages, runs, real = lesson.pages, lesson.runs, lesson.real
p, num_runs = (512, 200) if lesson.full else (128, 50)  # features; data sets
n = 2 * p  # samples
c = p / n
data_set = "mnist" if lesson.full else "digits"

# %%
pages.show_hook(*runs.first_look(p, n, lesson.stream("hook")))

# %% [markdown]
# ## Predict
#
# The data are two clouds of noise in $p$ dimensions, with centres $+\mu$ and $-\mu$. We train a
# linear classifier, the sign of $w\cdot x$, on $n=2p$ samples by full-batch gradient descent on the
# squared error. The weights $w$ start at small random $w_0$. The best moment is where the curve for
# new samples turns.
#
# Now every initial weight is a tenth as large. When does the best moment come, and how good is it?

# %% [markdown] tags=["predict"]
# *Compared with the start above, the best moment is*

# %% tags=["nbval-check-output"]
lesson.guess("")  # your letter

# %% [markdown]
# ## By hand
#
# One matrix and one vector decide everything; two dimensions are enough to see it. Let $x_1,\dots,x_n$
# be the samples and $y_i=\pm1$ their labels. The loss is $\tfrac1{2n}\sum_i(y_i-w\cdot x_i)^2$. Its gradient is
# $Sw-b$ with
#
# $$S=\frac1n\sum_i x_ix_i^\top,\qquad b=\frac1n\sum_i y_ix_i .$$
#
# A step with learning rate $\alpha$ walks against it:
#
# $$w_{t+1}=w_t+\alpha\,(b-Sw_t).$$
#
# Each step is the *same* map. In chapter 1 every batch brought a new one; here the batch is whole.
#
# Take $S=\mathrm{diag}(2,\tfrac18)$, $b=(1,\tfrac18)$, $w_0=0$, $\alpha=\tfrac12$. The truth is
# $\mu=(1,0)$: the second direction is pure noise. After one step $w_1=\alpha b=(\tfrac12,\tfrac1{16})$.
# A longer $w$ has the same signs: only its direction classifies. The cosine of $w_1$ with $\mu$ is
# $\tfrac12/\|w_1\|=8/\sqrt{65}=.992$. Very good.

# %% [markdown] tags=["exercise:07.1"]
# ### Exercise 07.1 · Where it ends
#
# Let $t\to\infty$. Where does $w_t$ end, and what is the cosine between this limit and $\mu$? Set
# `cosine`. (Hints in three steps: `lesson.hint(1, 1)` to `lesson.hint(1, 3)`.)

# %% tags=["answer:07.1"]
cosine = ...  # SOLUTION

# %% tags=["check:07.1"]
lesson.check(1, cosine)

# %% [markdown]
# Now look at the way there. Find the step after which training only adds noise. (Drawn is the accuracy
# $\Phi$ of the cosine, with $\Phi$ the normal distribution function: *Theory* says why.)

# %%
S = torch.diag(torch.tensor([2, 1 / 8]).double())
b = torch.tensor([1, 1 / 8]).double()
step = AffineMap(torch.eye(2) - S / 2, b / 2)  # w ↦ w + (b − S w)/2
orbit = forward_orbit([step] * 60, torch.zeros(2).double())  # w_0 … w_60, (61, 2)

t = torch.arange(61)[:, None]
learned = (1 - (1 - S.diagonal() / 2) ** t) / S.diagonal()  # no steps: see Theory
by_eigenvalues = learned * b
pages.show_by_hand(orbit, by_eigenvalues, lesson.use(1, cosine))

late = forward_orbit([step] * 600, torch.zeros(2).double(), at=[1, 600])
measured = late[:, 0] / late.norm(dim=1)  # cosines with μ
kept = [8 / 65**0.5, 8 / 65**0.5]  # if w kept the direction of b
end = torch.linalg.solve(S, b)
true = [8 / 65**0.5, float(end[0] / end.norm())]
lesson.claim("learning/by-hand").agrees(measured, true, atol=1e-12, against=kept)
lesson.claim("learning/one-map").agrees(orbit, by_eigenvalues, atol=1e-12)

# %% [markdown]
# The loss falls at every step, and no label is wrong. But the end solves $Sw=b$, so each coordinate of
# $b$ is *divided* by its eigenvalue, and a weak direction has a small one. **Early, a direction counts
# as $b$ says. Late, the weak ones are blown up.** So all hangs on the eigenvalues of $S$.
#
# ## Build
#
# Now the real thing. A sample is its label times $\mu$, plus noise: $x_i=y_i\mu+z_i$, the entries of
# $z_i$ independent standard normal numbers. We keep samples as *columns* of $X$.

# %% [markdown] tags=["exercise:07.2"]
# ### Exercise 07.2 · The data as training sees them
#
# Write `sample(mean, labels, noise)`, which returns `X` `(p, n)`, `S` `(p, p)` and `b` `(p,)`. `mean` is
# $\mu$ `(p,)`, `labels` are $\pm1$ `(n,)`, `noise` is `(p, n)`. For mean $(1,0)$, labels $(1,-1,1)$ and
# noise of rows $(1,1,0)$, $(1,-1,0)$: `X` has rows $(2,0,1)$, $(1,-1,0)$, and $b=(1,\tfrac23)$.


# %% tags=["answer:07.2"]
def sample(mean, labels, noise):
    """Returns X (p, n), S (p, p) and b (p,)."""
    # SOLUTION


# %% tags=["check:07.2"]
lesson.check(2, sample)

# %% [markdown]
# The mean of $S$ over all data is $I+\mu\mu^\top$, as noise has mean 0 and covariance $I$. All
# its eigenvalues are 1 but one, which is $1+\|\mu\|^2$. With $\|\mu\|=1$ the trace of your $S$, divided by the
# number of features, should be about 1. The cell below prints it. Then come the eigenvalues of your
# $S$. Look how many are near the truth.

# %%
sample = lesson.use(2, sample)
draw = lesson.stream("one")
mean = torch.zeros(2 * p, **real)
mean[0] = 1  # μ
labels = 2 * torch.randint(0, 2, (2 * n,), generator=draw, **real) - 1
noise = torch.randn(2 * p, 2 * n, generator=draw, **real)

X, S, b = sample(mean, labels, noise)
print(f"trace of S / features: {S.trace() / len(S):.2f}")
pages.show_spectrum(torch.linalg.eigvalsh(S))

# %% [markdown]
# **Nothing is wrong with your code.** There are two samples for each feature, and yet the
# eigenvalues spread from about .1 to 3 where almost all should be 1. Each *single* entry of $S$ is
# off by about $1/\sqrt n$ only. But there are $p^2$ entries, and together their errors move the
# eigenvalues. This spread is the chapter: training divides by these numbers.

# %% [markdown] tags=["exercise:07.3"]
# ### Exercise 07.3 · The loop
#
# Write `descend(S, b, w, lr, steps)`: the weights after so many steps from `w`. Let it work for one
# vector `w` `(p,)` and for columns `(…, p, k)`, where `b` is `(…, p, 1)`: then all data sets run at
# once. For
# $S=\mathrm{diag}(2,1)$, $b=(2,4)$, $w=0$, `lr` $\tfrac14$ and two steps: $(\tfrac34,\tfrac74)$.


# %% tags=["answer:07.3"]
def descend(S, b, w, lr, steps):
    """Returns the weights after so many steps of size lr, of w's shape."""
    # SOLUTION


# %% tags=["check:07.3"]
lesson.check(3, descend)

# %% [markdown]
# Let it run on `num_runs` data sets, each from four starts. The entries of $w_0$ are random, with mean 0
# and variance $\sigma^2/p$, so that $\|w_0\|\approx\sigma$. We keep the weights at some steps and **do not
# look at them yet**: theory has to speak first.

# %%
descend = lesson.use(3, descend)
alpha, variances = 0.1, (0.001, 0.01, 0.1, 1.0)  # α; σ² of the four starts
steps = torch.logspace(0, 3, 31).round().long().unique()  # 1 … 1,000
draw = lesson.stream("runs")
mean = torch.zeros(p, **real)
mean[0] = 1  # μ
data = runs.drawn(sample, mean, n, num_runs, draw)  # S is (50, p, p)

direction = torch.randn(num_runs, p, 1, generator=draw, **real) / p**0.5
w = direction * torch.tensor(variances, **real).sqrt()  # (50, p, 4)
path, done = [], 0
for t in steps.tolist():
    w, done = descend(data.S, data.b, w, alpha, t - done), t
    path.append(w)

# %% [markdown]
# ## Theory: a training is a filter
#
# *Assumed:* $x_i=y_i\mu+z_i$ with Gaussian noise as above; $p$ and $n$ large, with the ratio $c=p/n$
# fixed. We write $\rho=\|\mu\|^2$ for the strength of the signal.
#
# **Every direction moves alone.** Let $u$ be a unit eigenvector of $S$ with eigenvalue $\lambda$. Multiply the
# step by $u$, to see one coordinate $\omega_t=u\cdot w_t$ only:
#
# $$\omega_{t+1}=(1-\alpha\lambda)\,\omega_t+\alpha\,u\cdot b\qquad\text{(since }Su=\lambda u).$$
#
# Repeat it $t$ times. The start is multiplied by $(1-\alpha\lambda)^t$. Each step adds one
# $\alpha\,u\cdot b$, which later steps shrink by powers of $1-\alpha\lambda$. They make a geometric sum:
#
# $$\omega_t=f_t(\lambda)\,\omega_0+g_t(\lambda)\,u\cdot b,\qquad f_t(\lambda)=(1-\alpha\lambda)^t,\quad
# g_t(\lambda)=\frac{1-f_t(\lambda)}\lambda .$$
#
# So $f_t$ is what is left of the start, and $g_t$ what is learned of $b$. For small $t$,
# $g_t\approx\alpha t$ for each $\lambda$; for large $t$, $g_t\to1/\lambda$. The example by hand did just this.
#
# **What a run needs.** Only the eigenvalues, and how much of $w_0$, $b$ and $\mu$ lies along each
# eigenvector.
#
# > **New words.** The spectrum *seen from* a vector $v$ gives each eigenvalue $\lambda_i$ the weight
# > $(v\cdot u_i)^2/\|v\|^2$, with $u_i$ its unit eigenvector. The weights add up to 1. The eigenvalues
# > with their weights are a *law*. For any function $h$, the average of $h(\lambda_i)$ with these weights is
# > written as the integral of $h$ over that law.
#
# ## Theory: two laws
#
# **Seen from anywhere.** A vector like $w_0$, drawn without looking at the data, lies along all
# eigenvectors alike: each weight is about $1/p$. So it counts eigenvalues, like the histogram above.
# As $p\to\infty$ this becomes the law $\nu$ of Marchenko and Pastur, for $c\le1$ with the density
#
# $$\nu(x)=\frac{\sqrt{(x-\lambda_-)(\lambda_+-x)}}{2\pi c\,x},\qquad\lambda_\pm=(1\pm\sqrt c)^2 .$$
#
# To find it one needs a function that holds the whole histogram.
#
# > **New words.** The *Stieltjes transform* of $\nu$ is $q(z)=\int\frac{d\nu}{x-z}$, the mean of
# > $1/(\lambda_i-z)$. It has a pole at each eigenvalue. In the limit the poles fill an interval, across
# > which $q$ jumps. The density is the imaginary part of $q$ just above the real axis, over $\pi$.
#
# Why this law: leave one sample out. Let $G=(S-zI)^{-1}$, so $pq$ is its trace.
#
# $$p=\operatorname{tr}(S-zI)G=\tfrac1n\textstyle\sum_i x_i^\top Gx_i-z\,pq\qquad(\text{definition of }S).$$
#
# A sample and $G$ depend on each other. Let $G_i$ be $G$ made without sample $i$. Then $x_i$ and $G_i$
# are independent, and $x_i^\top G_ix_i\approx\operatorname{tr}G_i\approx pq$ (details below). Putting
# sample $i$ back changes $S$ by one rank (Sherman and Morrison):
#
# $$\tfrac1nx_i^\top Gx_i=\frac{x_i^\top G_ix_i/n}{1+x_i^\top G_ix_i/n}\approx\frac{cq}{1+cq}.$$
#
# Sum over the $n$ samples and divide by $p$:
#
# $$1=\frac q{1+cq}-zq,\qquad\text{or}\qquad czq^2+(z+c-1)q+1=0 .$$
#
# <details><summary>From this equation to the density</summary>
#
# The discriminant is $(z+c-1)^2-4cz=(z-\lambda_-)(z-\lambda_+)$: multiply out both sides. It is negative
# between $\lambda_-$ and $\lambda_+$, and there $\operatorname{Im}q=\sqrt{(x-\lambda_-)(\lambda_+-x)}/(2cx)$.
# Divide by $\pi$. Why is $x_i^\top G_ix_i$ close to the trace? For pure noise its mean over $x_i$ is the
# trace, of order $p$. Its variance is $2\operatorname{tr}G_i^2$ for real $z$, of order $p$ too, so it strays
# by $\sqrt p$ only. The signal changes $S$ by a rank of 2 at most, and so shifts shares of eigenvalues by
# about $1/p$.
#
# </details>
#
# **Seen from b.** The vector $b$ is made of the same samples as $S$. We cannot treat it as drawn
# without looking. But $y_ix_i=\mu+y_iz_i$ is a Gaussian vector with mean $\mu$, so $b$ is a sample mean:
#
# $$b=\mu+\text{noise}/\sqrt n,\qquad\|b\|^2\to\rho+c\qquad(\text{the noise: }p\text{ squares of mean }1/n).$$
#
# Split $S$ into the sample covariance of the $y_ix_i$ and their mean:
#
# $$S=R+bb^\top,\qquad R=\tfrac1n\textstyle\sum_i(y_ix_i-b)(y_ix_i-b)^\top\qquad(y_i^2=1).$$
#
# For Gaussian samples, $R$ and the mean $b$ are *independent*. So $R$ is seen from $b$ as from anywhere.
# Its law is $\nu$, as it differs from $S$ by one rank:
#
# $$b^\top(R-zI)^{-1}b\to(\rho+c)\,q(z).$$
#
# Now put $bb^\top$ back. When is $z$ an eigenvalue of $S$ outside the bulk? If $(R+bb^\top)v=zv$:
#
# $$v=-(R-zI)^{-1}b\,(b\cdot v)\quad\Rightarrow\quad1+b^\top(R-zI)^{-1}b=0\quad\Rightarrow\quad1+(\rho+c)\,q(z)=0,$$
#
# where we multiplied by $b$ and divided by $b\cdot v$. Put $q=-1/(\rho+c)$ into the quadratic equation,
# and solve for $z$: it is linear in $z$.
#
# $$\lambda_s=\frac{(\rho+1)(\rho+c)}\rho\qquad\text{(the spike).}$$
#
# **Threshold.** Right of the bulk $q$ rises to 0 from its value at the edge $\lambda_+$. There the
# quadratic equation has a double root, $-1/(\sqrt c+c)$. So $q$ meets $-1/(\rho+c)$ if
# $\rho+c>\sqrt c+c$: if $\rho>\sqrt c$. A weaker signal leaves no eigenvalue outside.
#
# The same change of one rank gives the law $m$ of $S$ seen from $b$. The bulk has the density
#
# $$m(x)=\frac{\sqrt{(x-\lambda_-)(\lambda_+-x)}}{2\pi\,\bigl((\rho+1)(\rho+c)-\rho x\bigr)},\qquad
# \text{and }\lambda_s\text{ the share }1-\frac c{\rho^2}\text{ if }\rho>\sqrt c .$$
#
# <details><summary>Density and share, step by step</summary>
#
# Sherman and Morrison: $b^\top(S-zI)^{-1}b=Q/(1+Q)$ with $Q=(\rho+c)q$. Divide by $\|b\|^2$:
# $\int dm/(x-z)=q/(1+(\rho+c)q)$. Just above the axis its imaginary part is
# $\operatorname{Im}q/|1+(\rho+c)q|^2$. The two roots of the quadratic equation are conjugate there, with sum
# $-(x+c-1)/(cx)$ and product $1/(cx)$, so
#
# $$|1+aq|^2=1-\frac{a(x+c-1)}{cx}+\frac{a^2}{cx}=\frac{(\rho+1)(\rho+c)-\rho x}{cx},\qquad a=\rho+c .$$
#
# Dividing $\nu$ by it gives the density. Its mass is 1 below the threshold and $c/\rho^2$ above; the rest
# sits on the spike. Also $\mu\cdot b\to\rho$, and Sherman and Morrison give
# $\mu^\top(S-zI)^{-1}b\to\rho q/(1+Q)$: between $\mu$ and $b$ lies $\rho$ times the law $m$. The squared cosine
# of the spike's eigenvector with $\mu$ is $(1-c/\rho^2)/(1+c/\rho)$, by $(\mu\cdot u)^2=(\rho\,m_s)^2/((\rho+c)m_s)$
# with $m_s$ the share, over $\|\mu\|^2=\rho$.
#
# </details>
#
# In the next picture, at $\rho=2$, look twice at the small heap on the right: counted in (a), weighed by
# its share of $b$ in (b). Then see in (c) and (d) what it does as the signal grows.

# %%
tops, cosines, seen = {}, {}, {}
for rho in (0.25, 0.5, 1, 2, 4):
    mean_rho = rho**0.5 * mean
    sets = runs.drawn(
        sample, mean_rho, n, num_runs, lesson.stream("spectrum", str(rho))
    )
    values, vectors = torch.linalg.eigh(sets.S)  # (50, p), (50, p, p)
    shares = (vectors.mT @ sets.b)[..., 0] ** 2 / sets.b.norm(dim=1) ** 2
    seen[rho] = {"eigenvalues": values, "shares": shares}
    tops[rho], cosines[rho] = values[:, -1], (vectors[:, 0, -1] ** 2, shares[:, -1])

law = rmt.SpikedMarchenkoPastur(c, 2**0.5)  # ρ = 2
low, high = (1 - c**0.5) ** 2, (1 + c**0.5) ** 2
x = torch.linspace(low, high, 300).double()
arc = ((x - low) * (high - x)).clamp_min(0).sqrt()
densities = {"counted": arc / (2 * torch.pi * c * x)}
densities["seen from b"] = arc / (2 * torch.pi * ((2 + 1) * (2 + c) - 2 * x))
pages.show_seen(law, x, densities, seen[2], tops, cosines)

# %%
grid = torch.linspace(0.2, 2.8, 14).double()
below = (seen[0.25]["eigenvalues"][..., None].cpu() < grid).double().mean((0, 1))
counted, twice_c = (rmt.MarchenkoPastur(ratio).cdf(grid) for ratio in (c, 2 * c))
lesson.claim("learning/bulk").agrees(below, counted, atol=2 / p, against=twice_c)

unit = n ** (-2 / 3) * (1 + c**0.5) * (1 + c**-0.5) ** (1 / 3)  # Tracy and Widom's
above_edge = (tops[0.25].mean() - high) / unit
lesson.claim("learning/no-spike").holds(above_edge, between=(-3.5, 1))
top, place = mean_and_stderr(tops[2]), (2 + 1) * (2 + c) / 2
lesson.claim("learning/spike").agrees(top, place, against=1 + 2)

known = [mean_and_stderr(row) for row in cosines[2]]  # with μ, with b
b_share = 1 - c / 2**2
expected, same = [b_share / (1 + c / 2), b_share], [b_share, b_share]
lesson.claim("learning/overlap").agrees(known, expected, atol=1 / p, against=same)

# %% [markdown]
# One eigenvalue among all is a speck, yet it holds most of $b$. Where the spike has left, one direction
# knows the signal, though at $\rho=2$ its squared cosine with $\mu$ is only about .7. Below the threshold
# the dots in (d) lie above the lines, as $p$ is finite. Near the threshold we claim nothing.
#
# ## Theory: the accuracy
#
# A new sample is classified rightly if $y\,x\cdot w=\mu\cdot w+y\,z\cdot w>0$. Given $w$ this is a normal
# number with mean $\mu\cdot w$ and variance $\|w\|^2$. With $\Phi$ the normal distribution function,
#
# $$\text{accuracy}=\Phi(E/\sqrt V),\qquad E=\mu\cdot w_t,\quad V=\|w_t\|^2 .$$
#
# Insert $w_t=f_t(S)w_0+g_t(S)b$, where $f_t(S)$ multiplies each eigenvector's part by its
# $f_t(\lambda)$. The start is random, so its products with $\mu$ and $b$ vanish for large $p$. Further,
# $\mu^\top g_t(S)\,b=\rho\int g_t\,dm$ (details above), and $\|b\|^2=\rho+c$:
#
# $$E=\rho\int g_t\,dm\qquad\text{signal learned,}$$
# $$V=(\rho+c)\int g_t^2\,dm\;+\;\sigma^2\int f_t^2\,d\nu\qquad\text{all that was learned, and the start not yet
# forgotten.}$$
#
# On the training samples the margin $y_ix_i\cdot w$ has mean $b\cdot w$ and mean square $w^\top Sw$:
#
# $$E_*=(\rho+c)\int g_t\,dm,\qquad V_*=(\rho+c)\int xg_t^2\,dm+\sigma^2\int xf_t^2\,d\nu-E_*^2 .$$
#
# That these margins are Gaussian is a step that we do not prove. The picture will test it.
#
# | symbol | in code |
# |---|---|
# | $c$, $\rho$, $\sigma^2$, $\alpha$ | `c`, `rho`, `var`, `lr` |
# | eigenvalues and their weights in $m$, $\nu$ | `x`, `m`, `nu` |
# | $f_t$, $g_t$ | `f`, `g` |
# | the library's version of all this | `rmt.learning_curve` |
#
# As code the integrals are sums over points $x=1+c+2\sqrt c\cos\theta$ between the edges, where
# $dx=2\sqrt c\sin\theta\,d\theta$ and the root is $2\sqrt c\sin\theta$ as well.


# %%
def laws(c, rho, count=512):
    """Eigenvalues x with their weights in m and ν, for c ≤ 1; the spike comes last."""
    theta = (torch.arange(count) + 0.5).double() * torch.pi / count
    x = 1 + c + 2 * c**0.5 * theta.cos()
    area = (2 * c**0.5 * theta.sin()) ** 2 * torch.pi / count  # root times dx
    nu = area / (2 * torch.pi * c * x)
    m = area / (2 * torch.pi * ((rho + 1) * (rho + c) - rho * x))
    spike, share = (rho + 1) * (rho + c) / rho, max(0, 1 - c / rho**2)
    return (
        torch.cat([x, x.new([spike])]),
        torch.cat([m, x.new([share])]),
        torch.cat([nu, x.new([0])]),
    )


x, m, nu = laws(c, 1.0)


# %%
def predicted(steps, x, m, nu, c, rho, var, lr):
    """Accuracies on new and on training samples after so many steps, (T,) each."""
    f = (1 - lr * x) ** steps[:, None]  # (T, points)
    g = (1 - f) / x
    E, V = rho * g @ m, (rho + c) * g**2 @ m + var * f**2 @ nu
    E_train = (rho + c) * g @ m
    V_train = (rho + c) * g**2 @ (x * m) + var * f**2 @ (x * nu) - E_train**2
    scores = E / V.sqrt(), E_train / V_train.sqrt()
    return tuple(torch.special.ndtr(score) for score in scores)


model = {"c": c, "rho": 1.0, "lr": alpha}
fine = torch.arange(1, 1001)
lines = {v: predicted(fine, x, m, nu, var=v, **model) for v in variances}
options = {"ratio": c, "signal": 1.0, "init_var": 0.1, "lr": alpha, "discrete": True}
library = torch.stack(rmt.learning_curve(fine, **options))
lesson.claim("learning/by-library").agrees(torch.stack(lines[0.1]), library, atol=1e-10)

# %% [markdown]
# ## Test
#
# The lines are computed; now open the runs. Time is $\alpha t$, learning rate times steps. In (a) look
# whether anything misses. In (b) compare the blue dots with the green ones: blue has a hundredth of
# the $\sigma^2$, so a tenth of the weights. (Their stars are the first and the third from the left.)

# %%
test, train = runs.accuracies(data, mean, torch.stack(path))  # (T, 50, 4) each
found = {
    var: runs.Accuracies(test[..., k].cpu(), train[..., k].cpu())
    for k, var in enumerate(variances)
}
bound = rmt.accuracy_bound(c, 1.0)  # exercise 07.6
pages.show_learning(alpha * fine, lines, alpha * steps, found, bound)
lesson.answer_guess()

# %% [markdown]
# Would the dots have refused a wrong line? Four of the checks below also name one: time twice as fast,
# a spectrum without its spike, a start that is left out, and the dotted bound as the end.

# %%
at = steps - 1  # where `fine` is a step of the runs
measured = mean_and_stderr(found[0.1].test)
twice_as_fast, _ = predicted(2 * steps, x, m, nu, var=0.1, **model)
lesson.claim("learning/test-curve").agrees(
    measured, lines[0.1][0][at], against=twice_as_fast
)

bulk_only = torch.cat([m[:-1], m[-1:] * 0])
_, no_spike = predicted(steps, x, bulk_only, nu, var=0.1, **model)
measured = mean_and_stderr(found[0.1].train)
lesson.claim("learning/train-curve").agrees(
    measured, lines[0.1][1][at], against=no_spike
)

measured = {var: mean_and_stderr(found[var].test) for var in variances}
line = {var: lines[var][0][at] for var in variances}
no_start = dict.fromkeys(variances, predicted(steps, x, m, nu, var=0, **model)[0])
lesson.claim("learning/four-starts").agrees(measured, line, against=no_start)
gains, smaller, turn = runs.compared_stops(steps, found, line)  # run by run
lesson.claim("learning/best-time").holds(gains, above=0)
lesson.claim("learning/small-start").holds(smaller, above=0)
lesson.claim("learning/overfits").holds(turn, above=0)
ends = {var: mean_and_stderr(found[var].test[-1]) for var in variances}
limit = rmt.limit_accuracy(ratio=c, signal=1.0, init_var=0.1).test_accuracy
lesson.claim("learning/start-forgotten").agrees(ends, limit, against=bound)

# %% [markdown]
# No parameter was fitted, and the Gaussian margins pass. A small start is forgotten before the noise is
# learned. In the end every start is forgotten, $f_t\to0$, and the four curves meet. Then $g_t=1/\lambda$.
# For $c<1$ the transform of $m$ at 0 gives $\int dm/x=1/(1+\rho)$, and its derivative gives
# $\int dm/x^2=1/((1-c)(1+\rho)^2)$. So the last accuracy is $\Phi(\rho\sqrt{1-c}/\sqrt{\rho+c})$.
#
# No curve crosses the dotted bound. Why, and what reaches it, is exercise 07.6. Long training adds the
# error of the sample covariance.
#
# ## Explore
#
# Move the time, and watch the filter $g_t$ rise over the small eigenvalues while the test curve turns.
# Here it is the *flow*, the limit of small steps: $f_t(x)=e^{-\alpha tx}$. Then weaken the signal: what is
# left once the spike is gone? In the second tab find the time from which on a peak is seen.

# %% tags=["nbval-ignore-output"]
lesson.explore.chapter().show()

# %% [markdown]
# ## Break
#
# **Steps are not the flow.** Theory, our source's too, often puts $e^{-\alpha tx}$ for $(1-\alpha x)^t$.
# Three learning rates show when that matters. After one step $g_1=\alpha$, and $\nu$ has mean 1 and
# variance $c$. So the accuracy is
# $\Phi(\rho\alpha/\sqrt{(\rho+c+c\sigma^2)\alpha^2+\sigma^2(\alpha-1)^2})$. You could have known: early, steps
# follow the flow only if $\alpha\lambda\ll1$ for each eigenvalue. They blow up if $\alpha\lambda_s>2$.

# %%
few = torch.tensor([1, 2, 3, 5, 10, 20, 50, 100])
stepped, ahead = {}, {}
for lr in (0.1, 0.3, 0.5):
    setting = {"p": p, "n": n, "rho": 1.0, "var": 0.1, "lr": lr, "runs": num_runs}
    stream = lesson.stream("steps", str(lr))
    accuracy = runs.simulate(
        sample, descend, few.tolist(), **setting, generator=stream
    ).test
    line, _ = predicted(few, x, m, nu, c, 1.0, 0.1, lr)
    stepped[lr] = mean_and_stderr(accuracy), line
    by_flow = rmt.learning_curve(
        few, ratio=c, signal=1.0, init_var=0.1, lr=lr
    ).test_accuracy
    ahead[lr] = mean_and_stderr(accuracy - by_flow[:, None])

# %%
measured, line = zip(*stepped.values(), strict=True)
as_flow = [a.mean - b.mean for a, b in zip(measured, ahead.values(), strict=True)]
lesson.claim("learning/steps").agrees(measured, line, against=as_flow)
first = [Estimate(ahead[lr].mean[0], ahead[lr].stderr[0]) for lr in (0.3, 0.5)]
lesson.claim("learning/flow-differs").holds(first, above=0)
lr = torch.tensor([0.1, 0.3, 0.5], dtype=torch.float64)
variance = (1 + c + c * 0.1) * lr**2 + 0.1 * (lr - 1) ** 2
closed, ones = torch.special.ndtr(lr / variance.sqrt()), [one[0] for one in line]
lesson.claim("learning/one-step").agrees(ones, closed, atol=1e-12)

sets = runs.drawn(sample, 2 * mean, n, 8, lesson.stream("rates"))  # ρ = 4
rates = {share: share * 2 / ((4 + 1) * (4 + c) / 4) for share in (0.8, 1.2)}  # of 2/λ_s
loss = runs.losses(descend, sets, rates, 40)  # share → (40, 8)
turns = [loss[0.8][19] / loss[0.8][39], loss[1.2][39] / loss[1.2][19]]
lesson.claim("learning/largest-rate").holds(turns, above=1)

# %% [markdown]
# **As many features as samples.** At $c=1$ the smallest eigenvalue, $(1-\sqrt c)^2$, reaches 0, and
# training divides by it. For $c>1$ some directions have no data at all, and the start stays there:
# $\nu$ then has the mass $1-1/c$ at 0. In (b) of the next picture, *late* is after 1,000 steps. Read it
# from right to left, as samples are added.

# %%
model = {"rho": 1.0, "var": 0.1, "lr": 0.1, "runs": num_runs}
errors, expected = runs.sweep(  # "late", "stopped", "ridge" → c → test errors (runs,)
    sample, descend, p // 2, **model, generator=lesson.stream("sweep")
)
ratios, curves = lesson.theory.sweep(1.0, 0.1, 0.1)  # lines in between
times = torch.logspace(-2, 2, 161).double()
flow = rmt.learning_curve(
    times, ratio=c, signal=1.0, init_var=0.1, lr=1.0
).test_accuracy
pages.show_large(few, (times, flow), stepped, ratios, curves, errors)

late = {ratio: mean_and_stderr(rows) for ratio, rows in errors["late"].items()}
model = {"signal": 1.0, "init_var": 0.1}
half = {r: 1 - rmt.limit_accuracy(ratio=2 * r, **model)[0] for r in late}  # n/2 samples
lesson.claim("learning/descent").agrees(late, expected["late"], against=half)
peak = errors["late"][1.0]
sides = [gap_and_stderr(peak, errors["late"][ratio]) for ratio in (0.5, 2.0)]
lesson.claim("learning/peak").holds(sides, above=0)
lesson.claim("learning/no-peak").holds(curves["stopped"].diff(), above=0)
ridged = {ratio: mean_and_stderr(found) for ratio, found in errors["ridge"].items()}
lesson.claim("learning/ridge").agrees(
    ridged, expected["ridge"], against=expected["late"]
)

# %% [markdown]
# After long training the error falls, rises to a peak where samples match features, and falls again:
# *double descent*. But the peak belongs to long training. If it is stopped in time, more samples help at
# each $c$ drawn. A ridge $\gamma$ puts $x+\gamma$ for $x$ in $f$ and $g$, which keeps $g_t$ bounded. The
# one drawn removes the peak too.
#
# **Other data.** Now the noise is not Gaussian, though its covariance stays the identity: random *signs*;
# and *scales*, where each sample is stretched by a number of its own. Then images: ones against sevens. We
# add noise and *whiten* them, so that the covariance within the classes is the identity, and read
# $\rho$ off the top eigenvalue. Two controls are Gaussian. *Twins* are fresh data of the same size and
# signal. *Alike* are as many as there are images, whitened and split into training and test in the same
# way. Last come the *raw* images. Which of these will miss, and is it the images' fault?

# %%
moments = torch.tensor([1, 2, 4, 8, 15, 30, 60, 120, 250, 500])  # steps
setting = {"p": p, "n": n, "rho": 1.0, "var": 0.1, "lr": 0.1, "runs": num_runs}
noises = {}
for kind in ("signs", "scales"):
    stream = lesson.stream("noise", kind)
    extra = {"noise": kind, "tests": 2 * n, "generator": stream}
    run = runs.simulate(sample, descend, moments.tolist(), **extra, **setting)
    noises[kind] = mean_and_stderr(run.test)

on_line = lines[0.1][0][moments - 1]
doubled = lines[0.1][0][2 * moments - 1]  # time twice as fast
lesson.claim("learning/signs").agrees(noises["signs"], on_line, against=doubled)
late = Estimate(noises["scales"].mean[-1] - on_line[-1], noises["scales"].stderr[-1])
lesson.claim("learning/scales").holds([late], above=0)

# %%
images, classes = datasets.class_pair(data_set, 1, 7)
pixels = images.shape[1]
stream = lesson.stream("pixels")
norm2, cases = datasets.pair_cases(images, classes, generator=stream)

model = {"var": 0.1, "lr": 0.05, "generator": stream, "runs": 40}
at = [2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000]  # steps: αt = .1 … 100
parts = {}  # whitened, alike, raw; of each theory knows ρ only, read off the spike
for name, inputs in cases.items():
    options = {"inputs": inputs, "targets": classes, "n": pixels, **model}
    parts[name] = lesson.images.image_runs(descend, at, **options)
white, alike, raw = parts.values()
sizes = {"p": pixels, "n": pixels, "rho": white.norm2}
twins = mean_and_stderr(runs.simulate(sample, descend, at, **sizes, **model).test)
times = alpha * moments, 0.05 * torch.tensor(at)
pages.show_data(lines[0.1][0], times[0], noises, times[1], parts, twins)

# %%
acc, stderr = white.measured
best, tol = int(white.theory.argmax()), 0.5 / pixels**0.5
fall = Estimate(acc[best] - acc[-1], stderr[best].hypot(stderr[-1]))
other = norm2 + 1  # the eigenvalue of the mean of S
lesson.claim("learning/real-signal").agrees(white.norm2, norm2, rtol=tol, against=other)
lesson.claim("learning/real-best-time").holds(acc.max() - acc[best], below=0.005)
too_high = white.theory[best] - acc[best]
lesson.claim("learning/real-optimism").holds(too_high, between=(0, 0.02))
lesson.claim("learning/real-turns").holds(fall, above=0)
lesson.claim("learning/twins").agrees(twins, white.theory, against=white.half_c)
missing = alike.theory - alike.measured.mean
missing = Estimate(missing[3:7], alike.measured.stderr[3:7])  # αt = 1 to 10
lesson.claim("learning/handling").holds(missing, above=0)
factor = raw.late_factor / white.late_factor
lesson.claim("learning/raw-misses").holds(factor, above=2)

# %% [markdown]
# *Signs* are on the line: the law needs many independent entries, not a bell curve. *Scales* lie far above:
# the entries of a sample share one number, so $x_i^\top G_ix_i$ is no longer close to a trace, the step on
# which the theory stands. You could have known from the lengths of the samples: are they all alike?
#
# On images theory predicts the rise, the best time and the fall out of one eigenvalue. But it is
# **optimistic**. It is not the size: the twins are on the line. Before you blame the images, look at
# *alike*: Gaussian data miss too, if they are whitened and split in the same way. Whitening makes the
# covariance of *all* samples the identity. What the training samples lack in some direction, the test
# samples have too much of, and $g_t$ is largest just there. In the quick profile, with few images,
# *alike* misses by about as much as the images do. Without noise and whitening (c) theory falls late,
# much deeper than the images: it is for one covariance, the identity.
#
# ## Your turn
#
# Three questions. None of them needs a new experiment.

# %% [markdown] tags=["exercise:07.4"]
# ### Exercise 07.4 · A signal read off a spectrum
#
# You have four samples for each feature, $c=\tfrac14$, and no labels. The largest eigenvalue of $S$ is
# 2.5, the others end near 2.25. How strong is the signal $\rho$? Set `rho`.

# %% tags=["answer:07.4"]
rho = ...  # SOLUTION

# %% tags=["check:07.4"]
lesson.check(4, rho)

# %% [markdown] tags=["exercise:07.5"]
# ### Exercise 07.5 · The ridge that does what stopping does
#
# $c=\tfrac12$, $\rho=1$, $\sigma^2=.1$. Without a ridge the best stopping time reaches a certain accuracy
# (`rmt.optimal_stopping`). Which ridge $\gamma$ reaches the same without stopping
# (`rmt.limit_accuracy(..., ridge=gamma)`)? Find it within 1 %, and set `gamma`.

# %% tags=["answer:07.5"]
# BEGIN SOLUTION
wanted = rmt.optimal_stopping(ratio=0.5, signal=1.0, init_var=0.1).test_accuracy
least, most = 0.01, 2.0
for _ in range(40):
    gamma = (least + most) / 2
    reached = rmt.limit_accuracy(ratio=0.5, signal=1.0, init_var=0.1, ridge=gamma)
    least, most = (gamma, most) if reached.test_accuracy < wanted else (least, gamma)
# END SOLUTION

# %% tags=["check:07.5"]
lesson.check(5, gamma)

# %% [markdown]
# Then try a larger $\gamma$. What happens, and why does it not contradict the next exercise?

# %% [markdown] tags=["exercise:07.6"]
# ### Exercise 07.6 · Nothing beats the mean
#
# Prove from $E$ and $V$ that no time, initial variance, learning rate or ridge gives more than
# $\Phi(\rho/\sqrt{\rho+c})$. When is it reached, and by which classifier? In which data would it *not* be
# the best one?

# %% [markdown] tags=["answer:07.6"] points=4
# SOLUTION

# %% [markdown]
# ## In your own training
#
# A network is trained, and you fit a linear probe on its features with few labels. When do you stop?
# You have three numbers: $c$ from counting, $\sigma^2$ from your initialisation, and $\rho$ from
# $\|b\|^2\approx\rho+c$, once features are divided by their noise. Here they are those of a small network
# trained on eight digits, whitened by these. The probe tells apart the two digits it never saw, 3 and 8.

# %%
features, targets, _ = lesson.probe.features(3, 8, 64, seed)
order = torch.randperm(len(features), generator=lesson.stream("probe", device="cpu"))
inputs, y = features[order[:64]], targets[order[:64]]  # 64 labels

b = (y[:, None] * inputs).mean(0)
scale = (y[:, None] * inputs - b).std()  # noise within the classes
c_probe = inputs.shape[1] / len(inputs)
rho_probe = float(b @ b / scale**2) - c_probe
stop = rmt.optimal_stopping(ratio=c_probe, signal=rho_probe**0.5, init_var=0.1, lr=0.02)

probe = torch.nn.Linear(64, 1, bias=False, dtype=torch.float64)
torch.nn.init.normal_(probe.weight, std=(0.1 / 64) ** 0.5)
optimizer = torch.optim.SGD(probe.parameters(), lr=0.02)
for _ in range(round(float(stop.time))):
    optimizer.zero_grad()
    ((probe(inputs / scale)[:, 0] - y) ** 2).mean().div(2).backward()
    optimizer.step()

# %% [markdown]
# Is the computed moment a good one? We set two ways against it. The usual one holds out a quarter of
# the labels, takes the step of least error there, and trains again on all. The other makes a thousand
# steps. In (b) look where the ways part.

# %%
sizes, count = (32, 64, 128), 200 if lesson.full else 60
options = {"lr": 0.02, "var": 0.1, "runs": count, "seed": seed}
probes = {k: lesson.probe.probes(features, targets, k, **options) for k in sizes}
pages.show_probe(probes, 64)
gain = mean_and_stderr(probes[32].computed - probes[32].end)
lesson.claim("learning/probe-gains").holds([gain], above=0)
losses = [(probes[k].validated - probes[k].computed).mean() for k in sizes]
lesson.claim("learning/probe-as-validated").holds(losses, below=0.01)
for k, one in probes.items():
    ways = (way.mean().item() for way in (one.computed, one.validated, one.end))
    print(k, *(f"{way:.3f}" for way in ways), f"{one.stops.mean().item():.0f} steps")

# %% [markdown]
# Each line printed: labels; accuracy with the computed stop, with held-out samples, after a thousand
# steps; computed steps. **It pays** here when there are fewer labels than features: it is as good as a
# validation set, needs one training in place of two, and beats long training by about a point. With as
# many labels as features the gain is not beyond doubt: we put it to the test, and it did not pass.
# **It does not pay** with two labels a feature: all ways are alike. **Do not trust** the formula's
# *accuracy* on features that are not white. Its *time* does less harm: the top of the curve is broad, and
# in (a) the computed steps come before the top. If in doubt look at the lengths of the samples, and at
# the eigenvalues of $S$: do they end near $(1+\sqrt c)^2$?
#
# ## At full scale
#
# Larger data, more runs, and MNIST. The settings of the paper's own figures we do not know.

# %%
lesson.full_scale()

# %% [markdown]
# Repeat it with `bsgd run 07 --profile full` (it downloads 12 MB unless `BSGD_EDU_DATA` is set). The record
# is of the chapter's former version: checks that are new have no line in it yet.
#
# ## Checks of this chapter

# %%
lesson.claims_table()

# %% [markdown]
# ## Five lines to remember
#
# 1. Whole batch: one map again and again. Its spectrum is the training.
# 2. Gradient descent is a filter: $g_t(x)\to1/x$ blows up weak directions, and they are mostly noise.
# 3. Small initial weights: an earlier, higher top. Long training forgets the start ($c<1$), not the noise.
# 4. The peak at $c=1$ is made by training too long; stopping or a ridge removes it.
# 5. Two laws and three numbers, $c$, $\rho$, $\sigma^2$, predict both curves, if the noise is
#    white and its entries are independent.
#
# ## About the source
#
# <details><summary>What was read, what is ours, what is not known; further reading; versions</summary>
#
# *Read.* Z. Liao and R. Couillet, *The Dynamics of Learning: A Random Matrix Approach*, ICML 2018,
# arXiv 1805.11917: the abstract, which announces insight into overfitting, early stopping and
# initialisation; and the code that its authors published with their book, which has the formulas of
# the accuracies as contour integrals and the settings of two experiments. The library's tests compare those
# integrals with ours. *Ours:* the derivation, all other settings, the checks so marked. *Not known:* the
# body of the paper, the settings of its figures. The two laws are classics. Two steps of the derivation we
# use and do not prove: that a mean and a covariance matrix of Gaussian samples are independent, and that
# margins of training samples are Gaussian.
#
# *Further.* R. Couillet and Z. Liao, *Random Matrix Methods for Machine Learning* (2022), with code; M.
# Advani, A. Saxe and H. Sompolinsky, *High-dimensional dynamics of generalization error in neural networks*
# (2020), for regression; V. Marchenko and L. Pastur (1967); J. Baik, G. Ben Arous, S. Péché (2005), for the
# threshold; F. Benaych-Georges and R. Nadakuditi, *The singular values and vectors of low rank
# perturbations of large rectangular random matrices* (2012); T. Hastie, A. Montanari, S. Rosset, R.
# Tibshirani, *Surprises in high-dimensional ridgeless least squares interpolation* (2022).
#
# *Versions.* `bsgd version` names what the package stands on here; `constraints.txt` pins what it was
# tried with.
#
# </details>
