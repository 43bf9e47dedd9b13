"""One torch thread and a bare namespace for doctests: results do not depend on the machine."""

import pytest
import torch

torch.set_num_threads(1)
pytest.register_assert_rewrite("drawing_contract")  # failures there show their numbers


@pytest.fixture(autouse=True)
def _doctest_names(doctest_namespace):
    doctest_namespace["torch"] = torch
