"""The words of chance are tested as if they were the accused: right draws pass, wrong ones do not."""

import math

import numpy as np
import pytest

from autograder.checks import Difference, chance, dtype
from autograder.student import Looks
from tests.student.subjects import here

SEEDS = range(40)


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng([seed, 7])


def test_near_means_six_standard_deviations():
    """A little less passes, a little more does not; neither does NaN or what is no number."""
    chance.near(10 + 5.9 * 0.5, 10, 0.5, "The mean")
    chance.near(10 - 5.9 * 0.5, 10, 0.5, "The mean")
    for value in (10 + 6.1 * 0.5, 10 - 6.1 * 0.5, math.nan, math.inf):
        with pytest.raises(Difference, match="The mean is far from what chance allows"):
            chance.near(value, 10, 0.5, "The mean")
    with pytest.raises(Difference):
        chance.near("ten", 10, 0.5, "The mean")


def test_tensors_are_numbers_too():
    """What student code draws with torch needs no conversion."""
    torch = pytest.importorskip("torch")
    noise = torch.randn(80, 50, generator=torch.Generator().manual_seed(1))
    chance.normal(noise, "the noise")
    chance.scattered(noise > 0, 0.5, "positive entries")
    chance.near(noise.mean(), 0, 1 / math.sqrt(noise.numel()), "The mean")


@pytest.mark.parametrize("share", [0.05, 0.3, 0.9])
def test_right_shares_pass(share):
    """Independent draws with the probability, whatever the seed."""
    for seed in SEEDS:
        chance.scattered(rng(seed).random((100, 60)) < share, share, "masked entries")


@pytest.mark.parametrize(
    ("hit", "says"),
    [
        (lambda u: u < 0.36, "The share of masked entries"),
        (lambda u: u < 0.7, r"about 0\.7, and about 0\.3 was expected\. Are the two kinds exchanged\?"),
        (lambda u: u > 2, "The share of masked entries"),
        (lambda u: np.repeat(u[:, :1] < 0.3, 60, axis=1), "."),
        (lambda u: np.repeat(u[:1] < 0.3, 100, axis=0), "."),
        (lambda u: np.arange(u.size).reshape(u.shape) % 10 < 3, "correlation between neighbours"),
    ],
    ids=["too_many", "exchanged", "none", "whole_rows", "whole_columns", "a_pattern"],
)
def test_wrong_shares_do_not(hit, says):
    """Another probability, and the right one that is not drawn for every entry."""
    for seed in SEEDS:
        with pytest.raises(Difference, match=says):
            chance.scattered(hit(rng(seed).random((100, 60))), 0.3, "masked entries")


def test_normal_noise_passes():
    """Standard normal draws, whatever the seed."""
    for seed in SEEDS:
        chance.normal(rng(seed).standard_normal((100, 60)), "the noise")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda z: z + 0.2, "The mean of the noise"),
        (lambda z: 1.15 * z, "The variance of the noise"),
        (lambda z: np.sign(z), "The share of large values in the noise"),
        (lambda z: np.repeat(z[:50], 2, axis=0), "correlation"),
        (lambda z: np.sort(z, axis=0), "correlation"),
        (lambda z: z * np.nan, "The mean of the noise"),
    ],
    ids=["moved", "scaled", "signs", "drawn_twice", "sorted", "nan"],
)
def test_other_noise_does_not(wrong, says):
    """Another mean, variance or distribution, and draws that are not independent."""
    for seed in SEEDS:
        with pytest.raises(Difference, match=says):
            chance.normal(wrong(rng(seed).standard_normal((100, 60))), "the noise")


def test_frequencies():
    """Counts of draws with these probabilities pass, and others do not."""
    shares = [0.7, 0.1, 0.1, 0.1]
    for seed in SEEDS:
        chance.frequencies(rng(seed).multinomial(4000, shares), shares, "the actions")
        with pytest.raises(Difference, match="How often one of the actions came"):
            chance.frequencies(rng(seed).multinomial(4000, [0.6, 0.2, 0.1, 0.1]), shares, "the actions")
    with pytest.raises(Difference, match="None of the actions came"):
        chance.frequencies([0, 0], [0.5, 0.5], "the actions")


# --- generators ---

NUMPY = """
import random
import numpy as np
def noise(n, rng, scale=1.0): return scale * rng.standard_normal(n)
"""
TORCH = """
import random
import numpy as np
import torch
def noise(n, rng, scale=1.0): return scale * torch.randn(n, generator=rng)
"""
WRONG = {
    "the_global_one_of_numpy": ("scale * np.random.standard_normal(n)", "What an equal generator draws"),
    "that_of_python_as_well": ("BODY + 0 * random.random()", "The global generator was used"),
    "numpys_as_well": ("BODY + 0 * np.random.random()", "The global generator was used"),
    "the_same_again": ("0 * BODY + np.random.default_rng(3).standard_normal(n)", "Two calls drew the same"),
}


def generator(source: str):
    if source is NUMPY:
        return np.random.default_rng(5)
    return pytest.importorskip("torch").Generator().manual_seed(5)


def drawn_by(source: str, reference: str):
    student = here(source, reference, task="noise", task_of={"noise": "noise"})
    first = chance.same_draws(student.noise, 6, generator(reference), scale=2.0)
    student.end()
    return student, first


@pytest.mark.parametrize("source", [NUMPY, TORCH], ids=["numpy", "torch"])
def test_draws_of_the_generator_pass(source):
    """Equal for equal generators, afresh at each call; the first one is given back to be judged further."""
    student, first = drawn_by(source, source)
    own = generator(source)
    right = here(source).noise(6, own, scale=2.0).value
    np.testing.assert_allclose(np.asarray(first.value), np.asarray(right))
    dtype(first, str(right.dtype).removeprefix("torch."))
    student.end()


@pytest.mark.parametrize("source", [NUMPY, TORCH], ids=["numpy", "torch"])
@pytest.mark.parametrize("name", WRONG)
def test_other_sources_of_chance_do_not(source, name):
    """A global generator, also where it changes no number, and a generator that is not asked."""
    body = source[source.index("return ") + 7 :].strip()
    wrong, says = WRONG[name]
    if source is TORCH and "BODY" in wrong and "default_rng" in wrong:
        wrong = "0 * BODY + torch.from_numpy(np.random.default_rng(3).standard_normal(n)).float()"
    elif source is TORCH and "BODY" not in wrong:
        wrong = "scale * torch.randn(n)"
    with pytest.raises(Difference, match=says):
        drawn_by(source.replace(body, wrong.replace("BODY", body)), source)


def test_torchs_global_generator_counts_as_well():
    """Where torch is loaded."""
    pytest.importorskip("torch")
    with pytest.raises(Difference, match="The global generator was used"):
        drawn_by(TORCH.replace("generator=rng)", "generator=rng) + 0 * torch.rand(n)"), TORCH)


def test_the_generator_may_be_passed_by_name():
    """Wherever it stands, there is one."""
    student = here(NUMPY)
    chance.same_draws(student.noise, 6, rng=np.random.default_rng(5))
    student.end()
    for generators in ({}, {"rng": np.random.default_rng(1), "scale": np.random.default_rng(2)}):
        with pytest.raises(TypeError, match="one generator was expected"):
            chance.same_draws(student.noise, 6, **generators)


def test_the_checks_own_generator_goes_on_as_it_was():
    """What the word asks does not draw from it here, so later inputs of the check stay the same."""
    own = np.random.default_rng(5)
    before = own.bit_generator.state
    student = here(NUMPY)
    chance.same_draws(student.noise, 6, own)
    student.end()
    assert own.bit_generator.state == before


def test_a_check_of_draws_is_planned():
    """Nothing is looked at."""
    student = here(NUMPY, subject=False)
    try:
        chance.same_draws(student.noise, 6, np.random.default_rng(5))
    except Looks:
        pytest.fail("it looks at a value")
    student.end()
