"""The files of the unit autoencoder against one another: notebook, public checks, grader, mistakes."""

import ast
import inspect
import re
from pathlib import Path

import pytest
import torch

from autograder.course import load_course
from autograder.explain.comparison import spot
from autograder.results.result import Verdict
from autograder.student.subjects import LocalSubject
from autograder.unit.criteria import read_criteria
from autograder.unit.mistakes.edits import module_namespace
from solutions import autoencoder as reference
from tests.independent.solutions import read_solutions
from tests.support import failing

ROOT = Path(__file__).parents[2]
UNIT = load_course(ROOT).unit("autoencoder")
OTHERWISE = {each.name: each.text for each in read_solutions("autoencoder")}


@pytest.mark.slow
def test_notebook_shows_what_its_text_says(notebook):
    """Run from top to bottom, the notebook reaches the errors that its figures are described with."""
    assert notebook["code"].item() == 3
    assert notebook["pca_error"][0] == pytest.approx(0.024, abs=0.001)
    assert notebook["pca_error"][1] == pytest.approx(0.012, abs=0.001)
    assert notebook["pca_error"][7] < 0.001
    ends = {name: sum(values[-50:]) / 50 for name, values in notebook["losses"].items()}
    assert ends["linear"] == pytest.approx(notebook["pca_error"][1], rel=0.1)
    assert ends["tanh"] < 0.001
    noisy, fresh, denoiser = notebook["noisy"], notebook["fresh"], notebook["denoiser"]
    assert ((denoiser(noisy) - fresh) ** 2).mean() < ((noisy - fresh) ** 2).mean() / 5
    assert (notebook["train_sparse"](1.0) < 0.15).all()
    assert sum(notebook["bounds"][-50:]) / 50 < 0.6 * notebook["bounds"][0]
    assert notebook["share"] < 0.8  # of the error of PCA on unseen digits


def variational(cells, notebook, names):
    """Section 9 with some functions exchanged: the bound that is told, and what is measured beside it."""
    start = next(number for number, cell in enumerate(cells) if cell.source.startswith("class VAE"))
    measured = next(number for number, cell in enumerate(cells) if "measured = " in cell.source)
    g = torch.Generator().manual_seed(0)
    space = {**notebook, **names, "g": g}
    exec("def batches" + notebook_source(cells, "def batches"), space)
    for number in (start, measured):
        exec(cells[number].source, space)
    told = float(space["kl_gauss"](space["mu"], space["logvar"]))
    return sum(space["bounds"][-50:]) / 50, told, float(space["measured"]), float(space["spread"].mean())


def notebook_source(cells, start):
    """From a definition's name on, its text in the notebook."""
    source = next(cell.source for cell in cells if start in cell.source)
    return source.split(start)[1].split("\n\n\n")[0]


@pytest.mark.slow
def test_section_9_tells_what_its_picture_does_not(cells, notebook, catalogue):
    """With a wrong factor or mean the bound looks better; the spread or the measured divergence tell."""
    bound, told, measured, spread = variational(cells, notebook, {})
    assert told == pytest.approx(measured, rel=0.1) and spread == pytest.approx(1, abs=0.15)
    wrong = {
        name: module_namespace(catalogue.mistakes[name].source, name)
        for name in ("variance_for_deviation", "averages_code_units")
    }
    better, _, _, spread = variational(
        cells, notebook, {"reparameterize": wrong["variance_for_deviation"]["reparameterize"]}
    )
    assert better < bound and spread < 0.8
    better, told, measured, _ = variational(
        cells, notebook, {"kl_gauss": wrong["averages_code_units"]["kl_gauss"]}
    )
    assert better < bound and told == pytest.approx(measured / 2, rel=0.1)


def test_every_figure_is_described(cells):
    """Each cell that shows a picture is followed by its folded description."""
    shown = [
        number
        for number, cell in enumerate(cells)
        if cell.cell_type == "code" and re.search(r"^( *)(plt\.)?show\(", cell.source, re.MULTILINE)
    ]
    assert len(shown) >= 9
    for number in shown:
        if "def show" not in cells[number].source or number + 1 == len(cells):
            after = cells[number + 1].source
            assert after.startswith("<details><summary>Figure in words</summary>"), cells[number].source[:60]


def test_each_guess_is_followed_up(cells):
    """Each prediction has a cell for the guess, and the next cell prints it beside the truth."""
    guesses = [number for number, cell in enumerate(cells) if cell.source.startswith("my_guess")]
    for number in guesses:
        assert cells[number].metadata.get("scratch"), "a student can write into it"
        assert "my_guess" in cells[number + 1].source
    assert sum(cell.source.count("**Predict, then run.**") for cell in cells) == 1 + len(guesses)


def test_published_criteria_are_the_graders(cells):
    """The points in the notebook's table are those of the hidden checks, task by task."""
    table = next(cell.source for cell in cells if "| task | points |" in cell.source)
    rows = re.findall(r"^\| (?:bonus: )?`(\w+)` \| (\d+) \|(.*)\|$", table, re.MULTILINE)
    published = {name: int(points) for name, points, _ in rows}
    marks = read_criteria(UNIT.grader)
    assert published == {
        task: sum(mark.points for mark in marks if mark.task == task)
        for task in {mark.task for mark in marks}
    }
    for name, points, criteria in rows:
        parts = [int(number) for number in re.findall(r" (\d+)(?=,| *$)", criteria)]
        assert name == "bug_hunt" or sum(parts) == int(points), name


def test_core_and_bonus_points():
    """The core makes 100 points, the bonus 20."""
    marks = read_criteria(UNIT.grader)
    assert sum(mark.points for mark in marks if not mark.bonus) == 100
    assert sum(mark.points for mark in marks if mark.bonus) == 20


def test_judge_hunts_the_same_bug(cells):
    """The wrong function that the judge runs is the notebook's, statement by statement."""
    shown = next(cell.source for cell in cells if "def naive_bce" in cell.source)
    bodies = [
        [ast.dump(statement) for statement in node.body[1:]]  # without the docstring
        for text in (shown, UNIT.grader.read_text(encoding="utf-8"))
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef) and node.name == "naive_bce"
    ]
    assert len(bodies) == 2
    assert bodies[0] == bodies[1]


def test_public_checks_pass_right_code(checks, catalogue):
    """Reference and variants pass every public check, whatever the global random state is."""
    for seed in range(3):
        torch.manual_seed(seed)
        assert failing(checks, vars(reference)) == set()
    for name, variant in catalogue.variants.items():
        assert failing(checks, module_namespace(variant.source, name)) == set(), name


@pytest.mark.parametrize("name", OTHERWISE)
def test_independent_solutions_get_full_marks(suite, checks, name):
    """Matrix products, and what torch brings along, pass every hidden check and every public one."""
    text = OTHERWISE[name]
    names = module_namespace(text, name)
    assert {mark.task for mark in suite.checks} <= names.keys()
    for mark in suite.checks:
        for paper in (0, 1):
            outcome = suite.run(mark.id, LocalSubject(names), paper)
            assert outcome.verdict is Verdict.PASSED, (mark.id, outcome.reason)
    assert failing(checks, names) == set()


def test_public_checks_fail_on_stubs(checks):
    """A stub fails the public check of its task."""

    def stub(*args, **kwargs):
        raise NotImplementedError

    every = [check for several in checks.values() for check in several]
    names = {argument: stub for check in every for argument in inspect.signature(check).parameters}
    assert failing(checks, names) == set(checks)


def test_public_checks_are_strong_enough(checks, catalogue):
    """Each known mistake fails a public check of its task."""
    for name, mistake in catalogue.mistakes.items():
        assert mistake.task in failing(checks, module_namespace(mistake.source, name)), name


def outcomes(suite, task, **names):
    """The checks of a task that the reference with other names in it does not pass."""
    subject = LocalSubject({**suite.reference, **names})
    checks = [mark.id for mark in suite.checks if mark.task == task]
    return [check for check in checks if suite.run(check, subject, 1).verdict is not Verdict.PASSED]


def test_random_logits_do_not_show_the_bug(suite):
    """The bug hunt is not won by ordinary random input, by infinite logits or by impossible targets."""
    g = torch.Generator().manual_seed(0)
    random = (torch.randn(2, 4, generator=g), torch.rand(2, 4, generator=g))
    for found in (
        random,
        (torch.tensor([torch.inf]), torch.tensor([0.0])),
        (torch.tensor([100.0]), torch.tensor([-1.0])),
        (torch.tensor([100.0]), torch.tensor([[0.0]])),
        (torch.full((17,), 100.0), torch.zeros(17)),
        torch.tensor([[100.0]]),
        None,
    ):
        assert outcomes(suite, "bug_hunt", bug_hunt=lambda found=found: found) == ["test_bug_hunt"]


def test_the_references_hunt_is_not_shown(suite):
    """Any input that shows the bug is right, so a wrong one is held against no other."""
    wrong = (torch.tensor([[1.0]]), torch.tensor([[0.5]]))
    outcome = suite.run("test_bug_hunt", LocalSubject({**suite.reference, "bug_hunt": lambda: wrong}), 1)
    assert outcome.verdict is Verdict.FAILED
    assert spot(suite, "test_bug_hunt", outcome, 1) is None


def test_reported_losses_cannot_be_below_the_optimum(suite):
    """Training that reports losses below the error of PCA is not believed."""

    def boastful(*args, **kwargs):
        return [loss / 2 for loss in reference.train_autoencoder(*args, **kwargs)]

    failed = outcomes(suite, "train_autoencoder", train_autoencoder=boastful)
    assert "test_as_good_as_pca" in failed


def test_noise_for_whole_rows_is_noticed(suite):
    """Noise with the right share, but drawn once for each row, is not independent."""

    def by_rows(x, kind, level, generator):
        hit = torch.rand(len(x), 1, generator=generator) < level
        return torch.where(hit, torch.zeros_like(x), x)

    assert "test_masking" in outcomes(suite, "corrupt", corrupt=by_rows)


@pytest.mark.parametrize(
    "tensor", [lambda rho, units: torch.tensor(rho), lambda rho, units: torch.full((units,), rho)]
)
def test_rho_may_be_put_into_a_float32_tensor(suite, tensor):
    """PyTorch makes float32 of a Python float: what that rounds is not charged."""

    def rounded(rho, rho_hat):
        p, q = tensor(rho, len(rho_hat)), rho_hat.clamp(1e-6, 1 - 1e-6)
        return (p * (p.log() - q.log()) + (1 - p) * ((1 - p).log() - (1 - q).log())).sum()

    assert outcomes(suite, "kl_sparsity", kl_sparsity=rounded) == []


def test_encoder_earns_its_points_without_a_decoder(suite):
    """A decoder that is missing, or has the encoder's layers again, costs what is decoded."""

    class Missing(reference.Autoencoder):
        def __init__(self, sizes, activation="relu"):
            super().__init__(sizes, activation)
            del self.decoder

    class Unturned(reference.Autoencoder):
        def __init__(self, sizes, activation="relu"):
            super().__init__(sizes, activation)
            self.decoder = self._stack(sizes, activation)

    passed_by_encoder = {
        "test_encode",
        "test_code_takes_any_value",
        "test_activations",
        "test_unknown_activation",
    }
    checks = {mark.id for mark in suite.checks if mark.task == "Autoencoder"}
    for kind in (Missing, Unturned):
        assert set(outcomes(suite, "Autoencoder", Autoencoder=kind)) == checks - passed_by_encoder


def test_a_loss_without_gradient_is_told_as_such(suite):
    """A number in place of a tensor, or a tensor that is cut off, did not raise anything."""
    for cut, says in (
        (lambda loss: loss.item(), "returned a float; expected a tensor"),
        (lambda loss: loss.detach(), "from which no gradient flows back"),
    ):

        def loss(*args, cut=cut, **kwargs):
            return cut(reference.reconstruction_loss(*args, **kwargs))

        subject = LocalSubject({**suite.reference, "reconstruction_loss": loss})
        for check in ("test_large_logits", "test_loss_gradient"):
            outcome = suite.run(check, subject, 1)
            assert outcome.verdict is Verdict.FAILED and says in outcome.reason, outcome.reason
