"""Known mistakes of gan, cheats, and correct variants that must pass."""

import torch
from torch.nn import functional

from autograder.mistakes import cheat, edit, instead, mistake, variant
from solutions import gan as reference

# --- sample_noise ---

noise_from_0_to_1 = mistake(
    edit(
        reference.sample_noise,
        "2 * torch.rand(n, dim, generator=generator) - 1",
        "torch.rand(n, dim, generator=generator)",
    ),
    says="Your uniform noise lies between 0 and 1.",
    hint="torch.rand gives numbers from 0 to 1. How long is the interval from -1 to 1?",
)
global_chance = mistake(
    edit(
        reference.sample_noise,
        ("torch.randn(n, dim, generator=generator)", "torch.randn(n, dim)"),
        ("torch.rand(n, dim, generator=generator)", "torch.rand(n, dim)"),
    ),
    says="Your noise does not come from the generator that was passed.",
    hint="torch.randn and torch.rand take a generator.",
)

# --- discriminator_loss ---

REAL, FAKE = "functional.softplus(-logits_real).mean()", "functional.softplus(logits_fake).mean()"
D_LOSS = f"{REAL} + {FAKE}"

labels_exchanged = mistake(
    edit(
        reference.discriminator_loss,
        D_LOSS,
        "functional.softplus(logits_real).mean() + functional.softplus(-logits_fake).mean()",
    ),
    says="Your labels are exchanged: D learns to call fake samples real.",
    hint="A large logit says 'real'. For which samples should it cost little?",
)
fake_term_only = mistake(
    edit(reference.discriminator_loss, D_LOSS, FAKE),
    says="The real samples do not count in your loss.",
    hint="The formula has two means.",
)
halved = mistake(
    edit(reference.discriminator_loss, D_LOSS, f"({D_LOSS}) / 2"),
    says="Your loss is half of what is asked for.",
    hint="If D cannot tell, the loss is 2 log 2. Is it the sum of the two means, or their mean?",
)
one_mean_for_both = mistake(
    edit(
        reference.discriminator_loss,
        D_LOSS,
        "2 * functional.softplus(torch.cat([-logits_real.flatten(), logits_fake.flatten()])).mean()",
    ),
    says="You take one mean over real and fake samples together.",
    hint="Three real samples and five fake ones: each group has a mean of its own.",
)
sums_for_means = mistake(
    edit(reference.discriminator_loss, D_LOSS, D_LOSS.replace("mean", "sum")),
    says="Your loss grows with the number of samples: you add them up.",
    hint="Twice the same batch should cost what it costs once.",
)
double_sigmoid = mistake(
    edit(
        reference.discriminator_loss,
        D_LOSS,
        "functional.softplus(-torch.sigmoid(logits_real)).mean() "
        "+ functional.softplus(torch.sigmoid(logits_fake)).mean()",
    ),
    says="The sigmoid is taken twice: your loss is small for the logits 200 and -200.",
    hint="A loss with 'logits' in its name takes the sigmoid itself.",
)
log_of_sigmoid = mistake(
    edit(
        reference.discriminator_loss,
        D_LOSS,
        "-torch.log(torch.sigmoid(logits_real)).mean() - torch.log(1 - torch.sigmoid(logits_fake)).mean()",
    ),
    says="For large logits your loss is infinite, or NaN.",
    hint="s(200) is exactly 1 in floating point. Simplify -log(1 - s(a)) before you compute it.",
)
fake_logits_detached = mistake(
    edit(reference.discriminator_loss, FAKE, FAKE.replace("logits_fake", "logits_fake.detach()")),
    says="No gradient reaches the logits of the fake samples, so D cannot learn from them.",
    hint="Cut off G, not D: the cut belongs before D, in train_step.",
)

# --- generator_loss ---

G_LOSS = "functional.softplus(-logits_fake).mean()"

saturating = mistake(
    edit(reference.generator_loss, G_LOSS, "-functional.softplus(logits_fake).mean()"),
    says="This is the saturating loss, log(1 - s(fake)): its slope is nearly 0 where D is sure of the fake.",
    hint="-log s(fake) has the slope -3/4 where D gives the fake 1/4.",
)
trains_for_label_0 = mistake(
    edit(reference.generator_loss, G_LOSS, "functional.softplus(logits_fake).mean()"),
    says="G learns to be called fake: your loss is D's term.",
    hint="For which logit should G pay little, for 8 or for -8?",
)
g_log_of_sigmoid = mistake(
    edit(
        reference.generator_loss,
        G_LOSS,
        "-torch.log(torch.sigmoid(logits_fake)).mean()",
    ),
    says="For large negative logits G's loss is infinite.",
    hint="s(-200) is 0 in float32. Simplify -log s(a) before you compute it.",
)
g_sum_for_mean = mistake(
    edit(reference.generator_loss, G_LOSS, G_LOSS.replace("mean", "sum")),
    says="G's loss grows with the number of samples.",
    hint="Twice the same batch should cost what it costs once.",
)
saturating_sign = mistake(
    edit(reference.saturating_generator_loss, "-functional", "functional"),
    task="generator_loss",
    says="Your saturating loss has the wrong sign: G would learn to be called fake.",
    hint="log(1 - s) is never positive.",
)

# --- train_step ---

G_PART = "discriminator(generator(z_g))"
D_ZERO, G_ZERO = "    opt_d.zero_grad()\n", "    opt_g.zero_grad()\n"
FAKE_LINE = "    fake = generator(z_d).detach()  # D's part ends here: nothing of it reaches G\n"
D_STEP = "    opt_d.step()\n"
PLAYED = ("train_gan",)

generator_detached = mistake(
    edit(reference.train_step, G_PART, "discriminator(generator(z_g).detach())"),
    says="G never moves: in its part, the samples are cut off from G.",
    hint="Through which networks must the gradient go in G's part? Only in D's part G may be cut off.",
    also=PLAYED,
)
no_zero_grad = mistake(
    edit(reference.train_step, (D_ZERO, ""), (G_ZERO, "")),
    says="Each step uses the sum of all gradients so far, and D also those of G's part.",
    hint="backward() adds to the gradients that are there.",
    also=PLAYED,
)
d_keeps_gradients = mistake(
    edit(reference.train_step, D_ZERO, ""),
    says="D's gradients are never set to zero: those of G's part and of earlier steps count, too.",
    hint="G's loss flows through D and leaves gradients there.",
    also=PLAYED,
)
zeroed_too_early = mistake(
    edit(
        reference.train_step,
        (FAKE_LINE, "    opt_g.zero_grad()\n    fake = generator(z_d)\n"),
        ("    opt_g.zero_grad()\n    g_loss.backward()", "    g_loss.backward()"),
    ),
    says="In G's part the gradients of D's loss count, too: they went through the fake samples into G.",
    hint="Either cut G off in D's part, or set its gradients to zero right before its own.",
    also=PLAYED,
)
one_optimizer_for_both = mistake(
    edit(
        reference.train_step,
        (G_ZERO, "    opt_d.zero_grad()\n"),
        ("    opt_g.step()\n", D_STEP),
    ),
    says="G's part moves D: it uses D's optimizer.",
    hint="Which optimizer holds G's parameters?",
    also=PLAYED,
)
d_moved_by_g = mistake(
    edit(reference.train_step, "    opt_g.step()\n", "    opt_g.step()\n    opt_d.step()\n"),
    says="G's part moves D as well, and makes it worse.",
    hint="In G's part D is only asked. Which optimizers step there?",
    also=PLAYED,
)
g_moved_by_d = mistake(
    edit(
        reference.train_step,
        (FAKE_LINE, "    opt_g.zero_grad()\n    fake = generator(z_d)\n"),
        (D_STEP, "    opt_d.step()\n    opt_g.step()\n"),
    ),
    says="D's part moves G as well: it makes G's samples easier to tell.",
    hint="In D's part G only makes samples. Which optimizers step there?",
    also=PLAYED,
)


def g_goes_first(generator, discriminator, opt_g, opt_d, real, z_d, z_g, losses):
    """The two parts in the wrong order."""
    g_loss = losses[1](discriminator(generator(z_g)))
    opt_g.zero_grad()
    g_loss.backward()
    opt_g.step()
    d_loss = losses[0](discriminator(real), discriminator(generator(z_d).detach()))
    opt_d.zero_grad()
    d_loss.backward()
    opt_d.step()
    return d_loss.item(), g_loss.item()


g_before_d = mistake(
    instead(reference.train_step, g_goes_first),
    says="G moves first. The task wants D first, and then G against the new D.",
    hint="Which of the two losses is computed with a network that has just moved?",
    also=PLAYED,
)
same_noise_twice = mistake(
    edit(reference.train_step, G_PART, "discriminator(generator(z_d))"),
    says="G's part uses z_d, the noise of D's part.",
    hint="There are two noises. Which one has not been used yet?",
)
returns_tensors = mistake(
    edit(reference.train_step, "d_loss.item(), g_loss.item()", "d_loss, g_loss"),
    says="You return tensors, which keep their graphs alive. A list of thousands of them fills the memory.",
    hint=".item() makes a float of a tensor with one number.",
)

# --- mode_coverage ---

any_centre_within_radius = mistake(
    edit(
        reference.mode_coverage,
        "hits = torch.bincount(nearest[hit], minlength=len(centres))",
        "hits = (torch.cdist(samples, centres) <= radius).sum(dim=0)",
    ),
    says="A sample that is near two centres counts for both.",
    hint="A sample belongs to one centre. Which one?",
)
one_sample_makes_a_mode = mistake(
    edit(reference.mode_coverage, "hits >= 0.01 * len(samples)", "hits >= 1"),
    says="A single sample makes a mode.",
    hint="How many of 1000 samples does a mode need?",
)
percent_of_hits = mistake(
    edit(reference.mode_coverage, "0.01 * len(samples)", "0.01 * max(int(hit.sum()), 1)"),
    says="Your 1 % is that of the hits; the task wants 1 % of all samples.",
    hint="Which samples does the docstring count?",
)
coverage_in_tensors = mistake(
    edit(
        reference.mode_coverage,
        "int((hits >= 0.01 * len(samples)).sum()), float(hit.double().mean())",
        "(hits >= 0.01 * len(samples)).sum(), hit.double().mean()",
    ),
    says="You return tensors in place of an int and a float.",
    hint="int() and float() make numbers of tensors with one entry.",
)

# --- train_gan ---

BATCHES = "for batch, (z_d, z_g) in zip(real, noise, strict=True)"

rows_reused = mistake(
    edit(reference.train_gan, "opt_d, batch, z_d", "opt_d, real[0], z_d"),
    says="Each step uses the first batch.",
    hint="Step t uses real[t].",
)
betas_left_out = mistake(
    edit(reference.train_gan, ", betas=betas", ""),
    says="Your optimizers have Adam's own betas.",
    hint="Which arguments of train_gan does Adam get?",
)
lr_left_out = mistake(
    edit(reference.train_gan, "lr=lr, betas", "lr=0.01, betas"),
    says="The lr that is passed makes no difference.",
    hint="Which arguments of train_gan does Adam get?",
)
new_optimizers_each_step = mistake(
    edit(
        reference.train_gan,
        "train_step(generator, discriminator, opt_g, opt_d, batch",
        "train_step(generator, discriminator, *(torch.optim.Adam(network.parameters(), lr=lr, betas=betas) "
        "for network in (generator, discriminator)), batch",
    ),
    says="Each step looks like Adam's first: its memory is lost.",
    hint="Where are the optimizers made, before the loop or inside?",
)
plain_descent = mistake(
    edit(
        reference.train_gan,
        "torch.optim.Adam(network.parameters(), lr=lr, betas=betas)",
        "torch.optim.SGD(network.parameters(), lr=lr)",
    ),
    says="Your optimizers are not Adam.",
    hint="The docstring names the optimizer.",
)

# --- bug_hunt ---

spread_out = mistake(
    edit(reference.bug_hunt, "middles[:1].repeat(200, 1)", "middles.repeat(25, 1)"),
    says="Your collapsed samples hit all modes.",
    hint="What does a forger do who has found a single trick?",
)

# --- bonus ---

lsgan_g_to_zero = mistake(
    edit(reference.lsgan_losses, "((scores_fake - 1) ** 2).mean()", "(scores_fake**2).mean()"),
    says="G's least squares pull its scores to 0.",
    hint="G wants to be called real. Which number stands for real?",
)
wgan_sign = mistake(
    edit(
        reference.wgan_losses,
        "scores_fake.mean() - scores_real.mean()",
        "scores_real.mean() - scores_fake.mean()",
    ),
    says="Your critic's loss has the wrong sign.",
    hint="A loss is made small. Should real scores rise or fall?",
)
slope_of_batch = mistake(
    edit(reference.gradient_penalty, "((slope.norm(dim=1) - 1) ** 2).mean()", "(slope.norm() - 1) ** 2"),
    says="The norm is taken over the whole batch.",
    hint="Each sample has a slope of its own.",
)
one_number_per_entry = mistake(
    edit(reference.gradient_penalty, "torch.rand(len(real), 1,", "torch.rand(real.shape,"),
    says="Each entry of a sample has a random number of its own, so the point is not on the line.",
    hint="How many numbers say where on a line a point lies?",
)
no_second_derivative = mistake(
    edit(reference.gradient_penalty, ", create_graph=True", ""),
    says="No gradient flows from the penalty to the critic.",
    hint="A gradient of a gradient needs a graph of the first one.",
)

# --- cheats ---

no_game = cheat(
    edit(reference.train_step, "loss_of_d, loss_of_g = losses", "return 0.0, 0.0"),
    most=0.0,
    says="Plays no step.",
)
only_d = cheat(
    edit(reference.train_step, "    opt_g.step()\n", ""), most=0.8, says="Trains D alone.", task="train_step"
)
moved_to_the_mean = cheat(
    edit(
        reference.train_gan,
        "    opt_g, opt_d = (",
        "    list(generator.parameters())[-1].data[:] = real.mean()\n    return [(0.0, 0.0)] * len(real)\n"
        "    opt_g, opt_d = (",
    ),
    most=0.3,
    says="Sets G's last bias to the mean of the data.",
)
always_all_modes = cheat(
    edit(reference.mode_coverage, "int((hits >= 0.01 * len(samples)).sum())", "len(centres)"),
    most=0.4,
    says="Calls all modes hit.",
)

# --- correct variants ---


def d_loss_by_bce(logits_real, logits_fake):
    """PyTorch's loss with logits."""
    bce = torch.nn.BCEWithLogitsLoss()
    return bce(logits_real, torch.ones_like(logits_real)) + bce(logits_fake, torch.zeros_like(logits_fake))


def g_loss_by_bce(logits_fake):
    """The same with the other label."""
    return functional.binary_cross_entropy_with_logits(logits_fake, torch.ones_like(logits_fake))


def step_without_detach(generator, discriminator, opt_g, opt_d, real, z_d, z_g, losses):
    """Zeroes before each part; D's part reaches G, and is forgotten."""
    opt_d.zero_grad()
    d_loss = losses[0](discriminator(real), discriminator(generator(z_d)))
    d_loss.backward()
    opt_d.step()
    opt_g.zero_grad()
    g_loss = losses[1](discriminator(generator(z_g)))
    g_loss.backward()
    opt_g.step()
    return [float(d_loss), float(g_loss)]


def step_with_frozen_d(generator, discriminator, opt_g, opt_d, real, z_d, z_g, losses):
    """Zeroes after the steps, one forward pass for real and fake, D frozen in G's part."""
    with torch.no_grad():
        fake = generator(z_d)
    logits = discriminator(torch.cat([real, fake]))
    d_loss = losses[0](logits[: len(real)], logits[len(real) :])
    d_loss.backward()
    opt_d.step()
    opt_d.zero_grad()
    discriminator.requires_grad_(False)
    g_loss = losses[1](discriminator(generator(z_g)))
    g_loss.backward()
    discriminator.requires_grad_(True)
    opt_g.step()
    opt_g.zero_grad()
    return d_loss.item(), g_loss.item()


def coverage_by_loops(samples, centres, radius):
    """One sample at a time."""
    hits = [0] * len(centres)
    for sample in samples:
        distances = ((centres - sample) ** 2).sum(dim=1).sqrt().tolist()
        nearest = min(range(len(distances)), key=distances.__getitem__)
        hits[nearest] += distances[nearest] <= radius
    return sum(count / len(samples) >= 0.01 for count in hits), sum(hits) / len(samples)


def penalty_by_lerp(critic, real, fake, generator):
    """Squares added up, and the other end of the line first."""
    x = torch.lerp(real, fake, torch.rand(len(real), 1, generator=generator).to(real)).requires_grad_(True)
    out = critic(x)
    slope = torch.autograd.grad(out, x, torch.ones_like(out), create_graph=True, retain_graph=True)[0]
    return torch.mean((torch.sqrt((slope**2).sum(dim=1)) - 1) ** 2)


by_bce = variant(
    instead(reference.discriminator_loss, d_loss_by_bce),
    instead(reference.generator_loss, g_loss_by_bce),
    instead(reference.train_step, step_without_detach),
    instead(reference.mode_coverage, coverage_by_loops),
    instead(reference.gradient_penalty, penalty_by_lerp),
)
by_logsigmoid = variant(
    edit(
        reference.discriminator_loss,
        D_LOSS,
        "-functional.logsigmoid(logits_real).mean() - functional.logsigmoid(-logits_fake).mean()",
    ),
    edit(reference.generator_loss, G_LOSS, "-functional.logsigmoid(logits_fake).mean()"),
    edit(
        reference.saturating_generator_loss,
        "-functional.softplus(logits_fake)",
        "functional.logsigmoid(-logits_fake)",
    ),
    instead(reference.train_step, step_with_frozen_d),
    edit(
        reference.mode_coverage, "torch.cdist(samples, centres)", "(samples[:, None] - centres).norm(dim=2)"
    ),
)
by_logaddexp = variant(
    edit(
        reference.discriminator_loss,
        D_LOSS,
        "torch.logaddexp(-logits_real, 0 * logits_real).mean() "
        "+ torch.logaddexp(logits_fake, 0 * logits_fake).mean()",
    ),
    edit(reference.generator_loss, G_LOSS, "(functional.softplus(logits_fake) - logits_fake).mean()"),
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
