"""What random maps do in the long run: contraction, stationary laws, tails, couplings, jitter."""

from .bernoulli import bernoulli_cdf, bernoulli_convolution
from .contraction import (
    backward_error_bound,
    gradient_step_factor,
    heavy_ball_matrix,
    heavy_ball_rate,
    order_difference,
)
from .coupling import (
    coupling_from_the_past,
    coupling_time,
    forward_coalescence,
    lindley_backward,
    lindley_forward,
    mm1_waiting,
    monotone_coupling_from_the_past,
    synchronous_coupling,
)
from .estimates import (
    correlation_and_stderr,
    mean_and_stderr,
    rms_and_stderr,
    share_and_stderr,
    variance_and_stderr,
)
from .jitter import increment_rms, sequential_jitter
from .stationary import (
    ar1_backward_correlation,
    ar1_conditional_variance,
    ar1_forward_correlation,
    ar1_forward_jump,
    ar1_polyak_variance,
    ar1_variance,
    effective_batches,
    lyapunov_covariance,
    regression_sgd_limit,
    regression_sgd_variance,
    small_lr_covariance,
)
from .tails import (
    kesten_index,
    regression_lyapunov_exponent,
    regression_mean_log_lipschitz,
    scalar_lyapunov_exponent,
    scalar_stability_limit,
)

__all__ = [
    "ar1_backward_correlation",
    "ar1_conditional_variance",
    "ar1_forward_correlation",
    "ar1_forward_jump",
    "ar1_polyak_variance",
    "ar1_variance",
    "backward_error_bound",
    "bernoulli_cdf",
    "bernoulli_convolution",
    "correlation_and_stderr",
    "coupling_from_the_past",
    "coupling_time",
    "effective_batches",
    "forward_coalescence",
    "gradient_step_factor",
    "heavy_ball_matrix",
    "heavy_ball_rate",
    "increment_rms",
    "kesten_index",
    "lindley_backward",
    "lindley_forward",
    "lyapunov_covariance",
    "mean_and_stderr",
    "mm1_waiting",
    "monotone_coupling_from_the_past",
    "order_difference",
    "regression_lyapunov_exponent",
    "regression_mean_log_lipschitz",
    "regression_sgd_limit",
    "regression_sgd_variance",
    "rms_and_stderr",
    "scalar_lyapunov_exponent",
    "scalar_stability_limit",
    "sequential_jitter",
    "share_and_stderr",
    "small_lr_covariance",
    "synchronous_coupling",
    "variance_and_stderr",
]
