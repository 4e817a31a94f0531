"""Known mistakes of gan, cheats, and correct variants that must pass."""

from autograder.mistakes import cheat, edit, instead, mistake, variant
from solutions import gan

# --- sample_noise ---

UNIFORM, NORMAL = "torch.rand(n, dim, generator=generator)", "torch.randn(n, dim, generator=generator)"
noise_from_0_to_1 = mistake(
    edit(gan.sample_noise, f"2 * {UNIFORM} - 1", UNIFORM),
    says="Your uniform noise lies between 0 and 1.",
    hint="torch.rand gives numbers from 0 to 1. How long is the interval from -1 to 1?",
)
global_chance = mistake(
    edit(gan.sample_noise, (NORMAL, "torch.randn(n, dim)"), (UNIFORM, "torch.rand(n, dim)")),
    says="Your noise does not come from the generator that was passed.",
    hint="torch.randn and torch.rand take a generator.",
)

# --- discriminator_loss ---


def two_means(real, fake):
    """A mean for each of two rows of logits."""
    return f"functional.softplus({real}).mean() + functional.softplus({fake}).mean()"


D_LOSS = two_means("-logits_real", "logits_fake")
labels_exchanged = mistake(
    edit(gan.discriminator_loss, D_LOSS, two_means("logits_real", "-logits_fake")),
    says="Your labels are exchanged: D learns to call fake samples real.",
    hint="A large logit says 'real'. For which samples should it cost little?",
)
fake_term_only = mistake(
    edit(gan.discriminator_loss, "functional.softplus(-logits_real).mean() + ", ""),
    says="The real samples do not count in your loss.",
    hint="The formula has two means.",
)
halved = mistake(
    edit(gan.discriminator_loss, D_LOSS, f"({D_LOSS}) / 2"),
    says="Your loss is half of what is asked for.",
    hint="If D cannot tell, the loss is 2 log 2. Is it the sum of the two means, or their mean?",
)
ONE_MEAN = "2 * functional.softplus(torch.cat([-logits_real.flatten(), logits_fake.flatten()])).mean()"
one_mean_for_both = mistake(
    edit(gan.discriminator_loss, D_LOSS, ONE_MEAN),
    says="You take one mean over real and fake samples together.",
    hint="Three real samples and five fake ones: each group has a mean of its own.",
)
sums_for_means = mistake(
    edit(gan.discriminator_loss, D_LOSS, D_LOSS.replace("mean", "sum")),
    says="Your loss grows with the number of samples: you add them up.",
    hint="Twice the same batch should cost what it costs once.",
)
double_sigmoid = mistake(
    edit(
        gan.discriminator_loss, D_LOSS, two_means("-torch.sigmoid(logits_real)", "torch.sigmoid(logits_fake)")
    ),
    says="The sigmoid is taken twice: your loss is small for the logits 200 and -200.",
    hint="A loss with 'logits' in its name takes the sigmoid itself.",
)
LOGS = "-torch.log(torch.sigmoid(logits_real)).mean() - torch.log(1 - torch.sigmoid(logits_fake)).mean()"
log_of_sigmoid = mistake(
    edit(gan.discriminator_loss, D_LOSS, LOGS),
    says="For large logits your loss is infinite, or NaN.",
    hint="s(200) is exactly 1 in floating point. Simplify -log(1 - s(a)) before you compute it.",
)
fake_logits_detached = mistake(
    edit(gan.discriminator_loss, "softplus(logits_fake)", "softplus(logits_fake.detach())"),
    says="No gradient reaches the logits of the fake samples, so D cannot learn from them.",
    hint="Cut off G, not D: the cut belongs before D, in train_step.",
)

# --- generator_loss ---

G_LOSS = "functional.softplus(-logits_fake).mean()"
saturating = mistake(
    edit(gan.generator_loss, G_LOSS, "-functional.softplus(logits_fake).mean()"),
    says="This is the saturating loss, log(1 - s(fake)): its slope is nearly 0 where D is sure of the fake.",
    hint="-log s(fake) has the slope -3/4 where D gives the fake 1/4.",
)
trains_for_label_0 = mistake(
    edit(gan.generator_loss, G_LOSS, "functional.softplus(logits_fake).mean()"),
    says="G learns to be called fake: your loss is D's term.",
    hint="For which logit should G pay little, for 8 or for -8?",
)
g_log_of_sigmoid = mistake(
    edit(gan.generator_loss, G_LOSS, "-torch.log(torch.sigmoid(logits_fake)).mean()"),
    says="For large negative logits G's loss is infinite.",
    hint="s(-200) is 0 in float32. Simplify -log s(a) before you compute it.",
)
g_sum_for_mean = mistake(
    edit(gan.generator_loss, G_LOSS, G_LOSS.replace("mean", "sum")),
    says="G's loss grows with the number of samples.",
    hint="Twice the same batch should cost what it costs once.",
)
saturating_sign = mistake(
    edit(gan.saturating_generator_loss, "-functional", "functional"),
    task="generator_loss",
    says="Your saturating loss has the wrong sign: G would learn to be called fake.",
    hint="log(1 - s) is never positive.",
)

# --- train_step ---

FAKE = "    fake = generator(z_d).detach()  # D's part ends here: nothing of it reaches G\n"
BOTH_LOGITS = "discriminator(real), discriminator(fake)"
NOT_CUT = "    opt_g.zero_grad()\n    fake = generator(z_d)\n"
D_ZERO, D_STEP = "    opt_d.zero_grad()\n", "    opt_d.step()\n"
G_ZERO, G_STEP = "    opt_g.zero_grad()\n", "    opt_g.step()\n"
D_PART = f"{FAKE}    d_loss = loss_of_d({BOTH_LOGITS})\n{D_ZERO}    d_loss.backward()\n{D_STEP}"


def step(*changes, says, hint):
    """A wrong step, which train_gan plays."""
    return mistake(edit(gan.train_step, *changes), says=says, hint=hint, also=("train_gan",))


generator_detached = step(
    ("generator(z_g)", "generator(z_g).detach()"),
    says="G never moves: in its part, the samples are cut off from G.",
    hint="Through which networks must the gradient go in G's part? Only in D's part G may be cut off.",
)
no_zero_grad = step(
    (D_ZERO, ""),
    (G_ZERO, ""),
    says="Each step uses the sum of all gradients so far, and D also those of G's part.",
    hint="backward() adds to the gradients that are there.",
)
d_keeps_gradients = step(
    (D_ZERO, ""),
    says="D's gradients are never set to zero: those of G's part and of earlier steps count, too.",
    hint="G's loss flows through D and leaves gradients there.",
)
zeroed_too_early = step(
    (G_ZERO, ""),
    (FAKE, NOT_CUT),
    says="In G's part the gradients of D's loss count, too: they went through the fake samples into G.",
    hint="Either cut G off in D's part, or set its gradients to zero right before its own.",
)
one_optimizer_for_both = step(
    (G_ZERO, D_ZERO),
    (G_STEP, D_STEP),
    says="G's part moves D: it uses D's optimizer.",
    hint="Which optimizer holds G's parameters?",
)
d_moved_by_g = step(
    (G_STEP, G_STEP + D_STEP),
    says="G's part moves D as well, and makes it worse.",
    hint="In G's part D is only asked. Which optimizers step there?",
)
g_moved_by_d = step(
    (FAKE, NOT_CUT),
    (D_STEP, D_STEP + G_STEP),
    says="D's part moves G as well: it makes G's samples easier to tell.",
    hint="In D's part G only makes samples. Which optimizers step there?",
)
g_before_d = step(
    (D_PART, ""),
    ("    return d_loss", f"{D_PART}    return d_loss"),
    says="G moves first. The task wants D first, and then G against the new D.",
    hint="Which of the two losses is computed with a network that has just moved?",
)
same_noise_twice = mistake(
    edit(gan.train_step, "generator(z_g)", "generator(z_d)"),
    says="G's part uses z_d, the noise of D's part.",
    hint="There are two noises. Which one has not been used yet?",
)
returns_tensors = mistake(
    edit(gan.train_step, "d_loss.item(), g_loss.item()", "d_loss, g_loss"),
    says="You return tensors, which keep their graphs alive. A list of thousands of them fills the memory.",
    hint=".item() makes a float of a tensor with one number.",
)

# --- mode_coverage ---

HITS, WITHIN = "torch.bincount(nearest[hit], minlength=len(centres))", "torch.cdist(samples, centres)"
COUNTS = "hits >= 0.01 * len(samples)"
NUMBERS = f"int(({COUNTS}).sum()), float(hit.double().mean())"
any_centre_within_radius = mistake(
    edit(gan.mode_coverage, HITS, f"({WITHIN} <= radius).sum(dim=0)"),
    says="A sample that is near two centres counts for both.",
    hint="A sample belongs to one centre. Which one?",
)
one_sample_makes_a_mode = mistake(
    edit(gan.mode_coverage, COUNTS, "hits >= 1"),
    says="A single sample makes a mode.",
    hint="How many of 1000 samples does a mode need?",
)
percent_of_hits = mistake(
    edit(gan.mode_coverage, COUNTS, "hits >= 0.01 * max(int(hit.sum()), 1)"),
    says="Your 1 % is that of the hits; the task wants 1 % of all samples.",
    hint="Which samples does the docstring count?",
)
coverage_in_tensors = mistake(
    edit(gan.mode_coverage, NUMBERS, f"({COUNTS}).sum(), hit.double().mean()"),
    says="You return tensors in place of an int and a float.",
    hint="int() and float() make numbers of tensors with one entry.",
)

# --- train_gan ---

ADAM = "torch.optim.Adam(network.parameters(), lr=lr, betas=betas)"
rows_reused = mistake(
    edit(gan.train_gan, "opt_d, batch, z_d", "opt_d, real[0], z_d"),
    says="Each step uses the first batch.",
    hint="Step t uses real[t].",
)
betas_left_out = mistake(
    edit(gan.train_gan, ", betas=betas", ""),
    says="Your optimizers have Adam's own betas.",
    hint="Which arguments of train_gan does Adam get?",
)
lr_left_out = mistake(
    edit(gan.train_gan, "lr=lr, betas", "lr=0.01, betas"),
    says="The lr that is passed makes no difference.",
    hint="Which arguments of train_gan does Adam get?",
)
new_optimizers_each_step = mistake(
    edit(gan.train_gan, "opt_g, opt_d, batch", f"*({ADAM} for network in (generator, discriminator)), batch"),
    says="Each step looks like Adam's first: its memory is lost.",
    hint="Where are the optimizers made, before the loop or inside?",
)
plain_descent = mistake(
    edit(gan.train_gan, ADAM, "torch.optim.SGD(network.parameters(), lr=lr)"),
    says="Your optimizers are not Adam.",
    hint="The docstring names the optimizer.",
)

# --- bug_hunt ---

spread_out = mistake(
    edit(gan.bug_hunt, "middles[:1].repeat(200, 1)", "middles.repeat(25, 1)"),
    says="Your collapsed samples hit all modes.",
    hint="What does a forger do who has found a single trick?",
)

# --- bonus ---

lsgan_g_to_zero = mistake(
    edit(gan.lsgan_losses, "((scores_fake - 1) ** 2).mean()", "(scores_fake**2).mean()"),
    says="G's least squares pull its scores to 0.",
    hint="G wants to be called real. Which number stands for real?",
)
wgan_sign = mistake(
    edit(gan.wgan_losses, "scores_fake.mean() - scores_real", "scores_real.mean() - scores_fake"),
    says="Your critic's loss has the wrong sign.",
    hint="A loss is made small. Should real scores rise or fall?",
)
slope_of_batch = mistake(
    edit(gan.gradient_penalty, "((slope.norm(dim=1) - 1) ** 2).mean()", "(slope.norm() - 1) ** 2"),
    says="The norm is taken over the whole batch.",
    hint="Each sample has a slope of its own.",
)
one_number_per_entry = mistake(
    edit(gan.gradient_penalty, "torch.rand(len(real), 1,", "torch.rand(real.shape,"),
    says="Each entry of a sample has a random number of its own, so the point is not on the line.",
    hint="How many numbers say where on a line a point lies?",
)
no_second_derivative = mistake(
    edit(gan.gradient_penalty, ", create_graph=True", ""),
    says="No gradient flows from the penalty to the critic.",
    hint="A gradient of a gradient needs a graph of the first one.",
)

# --- cheats ---

no_game = cheat(
    edit(gan.train_step, "loss_of_d, loss_of_g = losses", "return 0.0, 0.0"), most=0.0, says="Plays no step."
)
only_d = cheat(edit(gan.train_step, G_STEP, ""), most=0.8, says="Trains D alone.")
LAST_BIAS = (
    "    list(generator.parameters())[-1].data[:] = real.mean()\n    return [(0.0, 0.0)] * len(real)\n"
)
moved_to_the_mean = cheat(
    edit(gan.train_gan, "    opt_g, opt_d = (", f"{LAST_BIAS}    opt_g, opt_d = ("),
    most=0.3,
    says="Sets G's last bias to the mean of the data.",
)
always_all_modes = cheat(
    edit(gan.mode_coverage, f"int(({COUNTS}).sum())", "len(centres)"), most=0.4, says="Calls all modes hit."
)

# --- correct variants ---


def bce(logits, label):
    """PyTorch's cross-entropy with logits."""
    return f"functional.binary_cross_entropy_with_logits({logits}, torch.{label}_like({logits}))"


def coverage_by_loops(samples, centres, radius):
    """One sample at a time."""
    hits = [0] * len(centres)
    for sample in samples:
        distances = ((centres - sample) ** 2).sum(dim=1).sqrt().tolist()
        nearest = min(range(len(distances)), key=distances.__getitem__)
        hits[nearest] += distances[nearest] <= radius
    return sum(count / len(samples) >= 0.01 for count in hits), sum(hits) / len(samples)


by_bce = variant(
    edit(gan.discriminator_loss, D_LOSS, f"{bce('logits_real', 'ones')} + {bce('logits_fake', 'zeros')}"),
    edit(gan.generator_loss, G_LOSS, bce("logits_fake", "ones")),
    edit(  # D's part reaches G, and is forgotten
        gan.train_step, (".detach()", ""), ("d_loss.item(), g_loss.item()", "[float(d_loss), float(g_loss)]")
    ),
    instead(gan.mode_coverage, coverage_by_loops),
    edit(
        gan.gradient_penalty,
        (", dtype=real.dtype)", ").to(real)"),
        ("where * real + (1 - where) * fake", "torch.lerp(real, fake, where)"),
        ("slope.norm(dim=1)", "torch.sqrt((slope**2).sum(dim=1))"),
    ),
)
by_logsigmoid = variant(
    edit(
        gan.discriminator_loss,
        D_LOSS,
        "-functional.logsigmoid(logits_real).mean() - functional.logsigmoid(-logits_fake).mean()",
    ),
    edit(gan.generator_loss, G_LOSS, "-functional.logsigmoid(logits_fake).mean()"),
    edit(gan.saturating_generator_loss, "-functional.softplus(", "functional.logsigmoid(-"),
    edit(  # gradients to zero after the steps, one pass for real and fake, D frozen in G's part
        gan.train_step,
        (FAKE, "    with torch.no_grad():\n        fake = generator(z_d)\n"),
        (BOTH_LOGITS, "*discriminator(torch.cat([real, fake])).split([len(real), len(fake)])"),
        (D_ZERO, ""),
        (D_STEP, f"{D_STEP}{D_ZERO}    discriminator.requires_grad_(False)\n"),
        (G_ZERO, ""),
        (G_STEP, f"    discriminator.requires_grad_(True)\n{G_STEP}{G_ZERO}"),
    ),
    edit(gan.mode_coverage, WITHIN, "(samples[:, None] - centres).norm(dim=2)"),
)
LOGADDEXP = "torch.logaddexp({0}, 0 * logits_real).mean() + torch.logaddexp({1}, 0 * logits_fake).mean()"
by_logaddexp = variant(
    edit(gan.discriminator_loss, D_LOSS, LOGADDEXP.format("-logits_real", "logits_fake")),
    edit(gan.generator_loss, G_LOSS, "(functional.softplus(logits_fake) - logits_fake).mean()"),
)

# --- mutants of the reference that are right answers too ---

EQUIVALENT = {
    "fd4bb9da83": "G's gradients are set to zero before its part: what D's part left there does not count",
    "b1c79e34d8": "a distance that is the radius to the last digit hangs on rounding",
    "4dcdfc17ee": "a share of 1 % to the last digit hangs on rounding",
    "74ebe54a47": "there is noise for each batch",
    "0d2adcf9c0": "the bug hunt has many answers: (1, 1) hits no mode, either",
    "d5a7e673bc": "real and fake samples are given without a graph",
}
