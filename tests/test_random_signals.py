"""Signals and gradients of networks at initialisation: what is kept, what is relative to what."""

import pytest
import torch

from bsgd_edu import meanfield
from bsgd_edu.errors import DomainError
from bsgd_edu.nets import DeepCNN, random_signals
from bsgd_edu.seeding import generator


def sent(side, channels, depth, networks, **options):
    net = DeepCNN(side, channels, depth, in_channels=channels, **options)
    init = options.get("init", "delta_orthogonal")
    return random_signals(net, networks, generator=generator(0, "signals", init, channels))


def test_signals_keep_their_size_through_delta_orthogonal_layers_only():
    delta = sent(4, 16, 200, 6)
    assert delta.gradients.shape == (201, 6)
    assert (delta.gradients[0] == 1).all()
    # Variance 8/L of the squared singular values, and order 1/C for the fixed point.
    assert ((delta.gradients[-1] - 1).abs() < 0.5).all()
    assert ((delta.last - 1).abs() < 0.3).all()
    gauss = sent(4, 4, 200, 6, init="gaussian")
    assert gauss.gradients[-1].max() < 0.1


def test_gradients_are_those_of_norms_counted_from_the_top():
    net = DeepCNN(5, 3, 7, in_channels=3, init="gaussian", weight_var=0.5, bias_var=0.1)
    found = random_signals(net, 2, generator=generator(1, "norms"))
    stream = generator(1, "norms")  # weights first, then the image, then the gradients
    theta = net.init(stream, replicas=(2,))
    norms = net.norms(theta, torch.randn(1, 75, generator=stream), generator=stream)
    for below in range(8):
        ratio = norms.backward[:, 7 - below] / norms.backward[:, 7]
        torch.testing.assert_close(found.gradients[below].float(), ratio)
    torch.testing.assert_close(found.last.float(), norms.forward[:, 7] / net.q)
    assert found.gradients.dtype == found.last.dtype == torch.float64


@pytest.mark.parametrize("weight_var", [1.5, 2.5])
def test_gradients_change_by_chi_1_a_layer(weight_var):
    point = meanfield.fixed_point(weight_var, 0.05)
    found = sent(4, 32, 30, 8, weight_var=weight_var, bias_var=0.05)
    rate = (found.gradients[-1].log() / 30).mean()
    assert abs(float(rate - point.chi_1.log())) < 1 / 32  # finite width: order 1/C


def test_no_network_is_refused():
    net = DeepCNN(4, 4, 10, in_channels=4)
    with pytest.raises(DomainError, match="networks must be an integer ≥ 1, but it is 0"):
        random_signals(net, 0, generator=generator(0))
