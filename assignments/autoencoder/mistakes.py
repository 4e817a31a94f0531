"""Known mistakes of the autoencoder unit, each an edit of the reference; cheats, and correct variants."""

import torch
from torch import nn

from autograder.mistakes import cheat, edit, instead, mistake, variant
from solutions import autoencoder as reference

# --- Autoencoder ---

activation_at_the_end = mistake(
    edit(reference.Autoencoder, "nn.Sequential(*layers[:-1])", "nn.Sequential(*layers)"),
    costs=(0.25, 0.4),
    says="An activation also follows the last layer: codes and reconstructions are cut off or squashed.",
    hint="Which values can a ReLU return, and which values may a code have?",
)
encoder_in_a_list = mistake(
    edit(
        reference.Autoencoder,
        (
            "self.encoder = self._stack(sizes, activation)",
            "self.encoder = list(self._stack(sizes, activation))",
        ),
        ("return self.encoder(x)", "for layer in self.encoder:\n            x = layer(x)\n        return x"),
    ),
    costs=(0.1, 0.2),
    says="Your encoder computes the right code, but the module does not know its parameters: "
    "an optimizer would train the decoder only.",
    hint="What does list(model.parameters()) hold? Plain Python lists of layers are not searched.",
)
decoder_gets_the_input = mistake(
    edit(
        reference.Autoencoder, "return self.decode(self.encode(x))", "return x + self.decode(self.encode(x))"
    ),
    costs=(0.1, 0.3),
    says="Your reconstruction contains the input itself: it goes around the code.",
    hint="If the code were 0 for every sample, what would your model return?",
)
always_relu = mistake(
    edit(reference.Autoencoder, "kinds[activation]()", "nn.ReLU()"),
    costs=(0.05, 0.2),
    says="Your model computes the same with every activation that is asked for.",
    hint="Where does the argument `activation` enter your layers?",
)

# --- reconstruction_loss ---

logarithm_of_sigmoid = mistake(
    edit(
        reference.reconstruction_loss,
        "torch.logaddexp(x_hat, torch.zeros_like(x_hat)) - x * x_hat",
        "-x * torch.log(torch.sigmoid(x_hat)) - (1 - x) * torch.log(1 - torch.sigmoid(x_hat))",
    ),
    costs=(0.15, 0.3),
    says="Your cross-entropy is right for small logits, and becomes infinite or NaN for large ones.",
    hint="In floating point a sigmoid can be exactly 0 or 1. Simplify before you take a logarithm.",
)
probabilities_for_logits = mistake(
    edit(
        reference.reconstruction_loss,
        ('elif kind == "bce":', 'elif kind == "bce":\n        p = x_hat.clamp(1e-6, 1 - 1e-6)'),
        (
            "torch.logaddexp(x_hat, torch.zeros_like(x_hat)) - x * x_hat",
            "-x * torch.log(p) - (1 - x) * torch.log(1 - p)",
        ),
    ),
    costs=(0.4, 0.6),
    says="Your cross-entropy takes its first argument as probabilities; it is given logits.",
    hint="A logit is any number; the sigmoid makes a probability of it.",
)

logarithm_of_logits = mistake(
    edit(
        reference.reconstruction_loss,
        "torch.logaddexp(x_hat, torch.zeros_like(x_hat)) - x * x_hat",
        "-x * torch.log(x_hat) - (1 - x) * torch.log(1 - x_hat)",
    ),
    costs=(0.4, 0.6),
    says="Your cross-entropy takes the logarithm of logits, as if they were probabilities.",
    hint="A logit is any number; the sigmoid makes a probability of it.",
)

logits_refused = mistake(
    edit(
        reference.reconstruction_loss,
        "torch.logaddexp(x_hat, torch.zeros_like(x_hat)) - x * x_hat",
        'torch.nn.functional.binary_cross_entropy(x_hat, x, reduction="none")',
    ),
    costs=(0.4, 0.6),
    says="Your cross-entropy is PyTorch's for probabilities, which refuses logits.",
    hint="PyTorch has two: one for probabilities, and one whose name ends in with_logits.",
)
sigmoid_before_logits = mistake(
    edit(
        reference.reconstruction_loss,
        'elif kind == "bce":',
        'elif kind == "bce":\n        x_hat = torch.sigmoid(x_hat)',
    ),
    costs=(0.4, 0.6),
    says="Your cross-entropy takes logits, and is given a sigmoid of them: the sigmoid is applied twice.",
    hint="x_hat holds logits already. Which of your two steps makes probabilities of them?",
)
sample_averages_features = mistake(
    edit(reference.reconstruction_loss, "return loss.sum() / len(x)", "return loss.mean(dim=1).mean()"),
    costs=(0.1, 0.25),
    says='With reduction="sample" your loss is too small by the number of entries of a sample.',
    hint="Which of the two axes is summed, and which is averaged?",
)
shapes_broadcast = mistake(
    edit(reference.reconstruction_loss, "if x_hat.shape != x.shape:", "if x_hat.numel() == 0:"),
    costs=(0.05, 0.15),
    says="Your loss accepts shapes that differ and silently compares every entry with several others.",
    hint="What is the shape of a (4, 1) tensor minus a (4, 3) tensor?",
)

# --- pca_reconstruction ---

data_not_centred = mistake(
    edit(reference.pca_reconstruction, "mean = x.mean(dim=0)", "mean = torch.zeros_like(x[0])"),
    costs=(0.2, 0.4),
    says="Your directions are measured from the origin, not from the mean of the samples.",
    hint="Move all samples by the same vector: how should the reconstruction change?",
)
mean_not_restored = mistake(
    edit(reference.pca_reconstruction, "@ top.T @ top + mean", "@ top.T @ top"),
    costs=(0.2, 0.4),
    says="Your reconstruction is centred at 0: the mean was taken off and not added again.",
    hint="What should be returned if all samples are equal?",
)
columns_of_directions = mistake(
    edit(reference.pca_reconstruction, "directions[:k]", "directions[:, :k].T"),
    costs=(0.7, 1.0),
    says="You project on columns of the matrix that holds the directions as rows.",
    hint="torch.linalg.svd returns Vh, the transpose of V: which axis of it has length D?",
)

# --- train_autoencoder ---

gradients_pile_up = mistake(
    edit(reference.train_autoencoder, "        optimizer.zero_grad()\n", ""),
    costs=(0.3, 0.7),
    says="Each step uses the sum of all gradients so far.",
    hint="backward() adds to the gradients that are there.",
)
new_optimizer_each_step = mistake(
    edit(
        reference.train_autoencoder,
        "        optimizer.zero_grad()\n",
        "        optimizer = torch.optim.Adam(model.parameters(), lr=lr)\n        optimizer.zero_grad()\n",
    ),
    costs=(0.3, 0.7),
    says="Every step looks like the first step of Adam: its memory of past gradients is lost.",
    hint="Where is the optimizer made, inside the loop or before it?",
)
loss_after_the_update = mistake(
    edit(
        reference.train_autoencoder,
        "losses.append(step_loss.item())",
        "losses.append(loss(model(seen), batch).item())",
    ),
    costs=(0.15, 0.3),
    says="Your list holds each step's loss after its update; the first entry is already an improvement.",
    hint="Entry t is the loss that the step's gradient was taken of.",
)
trains_against_noise = mistake(
    edit(reference.train_autoencoder, "loss(model(seen), batch)", "loss(model(seen), seen)"),
    costs=(0.1, 0.3),
    says="Your training compares the reconstruction with the corrupted batch.",
    hint="What would the best model do if it had to return what it sees?",
)
noise_drawn_once = mistake(
    edit(
        reference.train_autoencoder,
        ("losses = []", "losses = []\n    noisy = x if corruption is None else corruption(x)"),
        ("seen = batch if corruption is None else corruption(batch)", "seen = noisy[index]"),
    ),
    costs=(0.05, 0.2),
    says="All steps see the same noise: the corruption was called once for the whole training.",
    hint="A model can learn a fixed noise by heart. Draw it afresh for each batch.",
)
trains_decoder_only = mistake(
    edit(
        reference.train_autoencoder,
        "torch.optim.Adam(model.parameters(), lr=lr)",
        "torch.optim.Adam(list(model.parameters())[2:], lr=lr)",
    ),
    costs=(0.3, 0.7),
    says="The first layer of the model has not moved after training.",
    hint="Which parameters does your optimizer hold?",
)

# --- corrupt ---

mask_inverted = mistake(
    edit(
        reference.corrupt,
        "torch.where(hit, torch.zeros_like(x), x)",
        "torch.where(hit, x, torch.zeros_like(x))",
    ),
    costs=(0.2, 0.45),
    says="Masking keeps the share `level` of the entries and sets all others to 0.",
    hint="What should level 0 do, and what does it do?",
)
masking_scales_up = mistake(
    edit(
        reference.corrupt,
        "return torch.where(hit, torch.zeros_like(x), x)",
        "return torch.where(hit, torch.zeros_like(x), x) / (1 - level)",
    ),
    costs=(0.15, 0.35),
    says="The entries that masking leaves alone are scaled up, as dropout does.",
    hint="A masked sample is a damaged sample, not an unbiased estimate of the clean one.",
)
level_as_variance = mistake(
    edit(reference.corrupt, "x + level * torch.randn", "x + level**0.5 * torch.randn"),
    costs=(0.25, 0.4),
    says="Your Gaussian noise has variance `level`; its standard deviation should be `level`.",
    hint="By which number is standard normal noise multiplied to have standard deviation 0.3?",
)
writes_into_its_input = mistake(
    edit(
        reference.corrupt,
        "return torch.where(hit, torch.zeros_like(x), x)",
        "x[hit] = 0\n        return x",
    ),
    costs=(0.05, 0.15),
    says="After the call, the clean samples of the caller are corrupted, too.",
    hint="An assignment to x[...] changes the caller's tensor.",
)

corrupts_in_place = mistake(
    edit(
        reference.corrupt,
        (
            "return x + level * torch.randn(x.shape, generator=generator, dtype=x.dtype)",
            "return x.add_(level * torch.randn(x.shape, generator=generator, dtype=x.dtype))",
        ),
        ("return torch.where(hit, torch.zeros_like(x), x)", "x[hit] = 0\n        return x"),
        (
            "return torch.where(hit, torch.where(pepper, x.min(), x.max()), x)",
            "return x.copy_(torch.where(hit, torch.where(pepper, x.min(), x.max()), x))",
        ),
    ),
    costs=(0.05, 0.15),
    says="After the call, the clean samples of the caller are corrupted, too, whatever the kind of noise.",
    hint="An assignment to x[...] changes the caller's tensor, and that of a view, too.",
)
global_noise = mistake(
    edit(
        reference.corrupt,
        "torch.randn(x.shape, generator=generator, dtype=x.dtype)",
        "torch.randn_like(x)",
    ),
    costs=(0.05, 0.15),
    says="Your Gaussian noise does not come from the generator that was passed.",
    hint="Which functions of PyTorch take a generator?",
)
zero_for_smallest = mistake(
    edit(
        reference.corrupt,
        "torch.where(pepper, x.min(), x.max())",
        "torch.where(pepper, 0.0, 1.0).to(x.dtype)",
    ),
    costs=(0.15, 0.35),
    says="Salt and pepper writes 0 and 1, whatever the range of the data is.",
    hint="Which two values should appear if the data lie between -5 and 5?",
)

# --- denoising_loss ---

compares_with_noise = mistake(
    edit(
        reference.denoising_loss,
        "return loss(model(corruption(x)), x)",
        "noisy = corruption(x)\n    return loss(model(noisy), noisy)",
    ),
    costs=(0.3, 0.6),
    says="The loss compares the reconstruction with the noisy sample.",
    hint="Which of the two samples should the model be able to name?",
)
model_sees_clean = mistake(
    edit(reference.denoising_loss, "model(corruption(x))", "model(x)"),
    costs=(0.3, 0.6),
    says="The model sees the clean sample: nothing is left to denoise.",
    hint="Which of the three functions gets the output of `corruption`?",
)

corrupts_in_vain = mistake(
    edit(
        reference.denoising_loss,
        "return loss(model(corruption(x)), x)",
        "corruption(x)\n    return loss(model(x), x)",
    ),
    costs=(0.3, 0.6),
    says="The sample is corrupted, but the model sees the clean one: nothing is left to denoise.",
    hint="Which of the three functions gets the output of `corruption`?",
)

# --- kl_sparsity and sparse_loss ---

divergence_turned_round = mistake(
    edit(
        reference.kl_sparsity,
        ("on = rho * torch.log(rho / q)", "on = q * torch.log(q / rho)"),
        (
            "off = (1 - rho) * torch.log((1 - rho) / (1 - q))",
            "off = (1 - q) * torch.log((1 - q) / (1 - rho))",
        ),
    ),
    costs=(0.6, 1.0),
    says="Your value is KL(rho_hat || rho): the two distributions are exchanged.",
    hint="Which of the two stands in front of the logarithms?",
)
no_clipping = mistake(
    edit(reference.kl_sparsity, "rho_hat.clamp(1e-6, 1 - 1e-6)", "rho_hat"),
    costs=(0.3, 0.4),
    says="For a unit that is always on or always off your divergence is infinite or NaN.",
    hint="The docstring says to which interval the observed mean is clipped first.",
)
averages_units = mistake(
    edit(reference.kl_sparsity, "return (on + off).sum()", "return (on + off).mean()"),
    costs=(0.6, 1.0),
    says="Your divergence is averaged over the units of the code.",
    hint="The formula has a sum over j and nothing in front of it.",
)
mean_over_units = mistake(
    edit(reference.sparse_loss, "h.mean(dim=0)", "h.mean(dim=1)"),
    costs=(0.3, 0.7),
    says="Your mean activation has one number per sample; the mean is taken over the wrong axis.",
    hint="A unit should be active for few samples: average what one unit does, over the batch.",
)
penalty_without_weight = mistake(
    edit(reference.sparse_loss, "reconstruction + beta * divergence", "reconstruction + divergence"),
    costs=(0.15, 0.5),
    says="Your loss does not change with beta.",
    hint="Where does beta stand in the formula?",
)

# --- reparameterize and kl_gauss ---

variance_for_deviation = mistake(
    edit(reference.reparameterize, "torch.exp(logvar / 2)", "torch.exp(logvar)"),
    costs=(0.3, 0.5),
    says="Your draws have the standard deviation exp(logvar); that is the variance.",
    hint="logvar is the logarithm of sigma squared. What is sigma?",
)
draw_without_mean = mistake(
    edit(reference.reparameterize, "mu + torch.exp(logvar / 2) * epsilon", "torch.exp(logvar / 2) * epsilon"),
    costs=(0.2, 0.4),
    says="Your draws do not depend on mu.",
    hint="A draw is the mean plus noise.",
)
draw_without_gradient = mistake(
    edit(
        reference.reparameterize,
        ("    epsilon = torch.randn(mu.shape, generator=generator, dtype=mu.dtype)\n", ""),
        (
            "mu + torch.exp(logvar / 2) * epsilon",
            "torch.normal(mu, torch.exp(logvar / 2), generator=generator)",
        ),
    ),
    costs=(0.1, 0.25),
    says="Your draws have the right distribution, but no gradient reaches mu and logvar.",
    hint="Draw numbers that depend on nothing, then compute with them.",
)
one_noise_for_all = mistake(
    edit(reference.reparameterize, "torch.randn(mu.shape,", "torch.randn(mu.shape[-1:],"),
    costs=(0.3, 0.6),
    says="All samples of the batch get the same noise.",
    hint="How many random numbers does a table of N x K means need?",
)
divergence_sign = mistake(
    edit(
        reference.kl_gauss,
        "(mu**2 + torch.exp(logvar) - logvar - 1) / 2",
        "(1 + logvar - mu**2 - torch.exp(logvar)) / 2",
    ),
    costs=(0.6, 1.0),
    says="Your divergence is negative: it is the negative of what is asked for.",
    hint="Appendix B of the paper gives the negative divergence, which is maximised.",
)
sums_over_batch = mistake(
    edit(reference.kl_gauss, "per_entry.sum(dim=1).mean()", "per_entry.sum()"),
    costs=(0.25, 0.4),
    says="Your divergence is summed over the batch; it is too large by the number of samples.",
    hint="Take the same sample twice: how should the divergence change?",
)
averages_code_units = mistake(
    edit(reference.kl_gauss, "per_entry.sum(dim=1).mean()", "per_entry.mean()"),
    costs=(0.25, 0.4),
    says="Your divergence is averaged over the code units; it is too small by their number.",
    hint="The units are independent: what happens to the divergences of independent parts?",
)
deviation_for_variance = mistake(
    edit(
        reference.kl_gauss,
        "torch.exp(logvar) - logvar - 1",
        "torch.exp(2 * logvar) - 2 * logvar - 1",
    ),
    costs=(0.6, 1.0),
    says="Your divergence takes logvar as the logarithm of the standard deviation.",
    hint="By hand: mu = 0 and logvar = 1 give (e - 1 - 1) / 2.",
)

# --- bug_hunt ---

ordinary_logits = mistake(
    edit(reference.bug_hunt, "torch.tensor([[100.0]])", "torch.tensor([[3.0]])"),
    costs=(1.0, 1.0),
    says="On your input both functions agree.",
    hint="For which logits does 1 - s(z) lose all its digits, in the dtype that you use?",
)

# --- bonus ---

slope_not_squared = mistake(
    edit(reference.contractive_penalty, "(slope**2 @", "(slope @"),
    costs=(0.6, 1.0),
    says="The slope of the sigmoid enters your penalty once; the norm is a sum of squares.",
    hint="Write down one entry of the Jacobian and square it.",
)
penalty_summed_over_batch = mistake(
    edit(reference.contractive_penalty, "(weight**2).sum(dim=1)).mean()", "(weight**2).sum(dim=1)).sum()"),
    costs=(0.1, 0.3),
    says="Your penalty grows with the number of samples in the batch.",
    hint="The docstring has 1/N in front of the sum.",
)
decoder_detached = mistake(
    edit(reference.TiedAutoencoder, "h @ self.weight + self", "h @ self.weight.detach() + self"),
    costs=(0.2, 0.4),
    says="The matrix gets gradient from the encoder only.",
    hint="What do .detach() and .data do to the second path?",
)
no_sigmoid = mistake(
    edit(
        reference.TiedAutoencoder,
        "torch.sigmoid(x @ self.weight.T + self.encoder_bias)",
        "x @ self.weight.T + self.encoder_bias",
    ),
    costs=(0.4, 0.6),
    says="Your code is not squashed by a sigmoid.",
    hint="In which interval do the entries of the code lie?",
)

# --- cheats ---


def never_trained(model, x, rows, loss, lr, corruption=None):
    """The losses of a model that stays as it is."""
    with torch.no_grad():
        return [
            float(loss(model(x[index] if corruption is None else corruption(x[index])), x[index]))
            for index in rows
        ]


linear_only = cheat(
    edit(reference.Autoencoder, "kinds[activation]()", "nn.Identity()"),
    most=0.2,
    says="No activation at all.",
)
returns_its_input = cheat(
    edit(reference.Autoencoder, "return self.decode(self.encode(x))", "return x"),
    most=0.75,
    says="A reconstruction without a code; code and decoder are right.",
)
squares_only = cheat(
    edit(
        reference.reconstruction_loss,
        'elif kind == "bce":',
        'elif kind == "bce":\n        loss = (x_hat - x) ** 2\n    elif kind is None:',
    ),
    most=0.5,
    says="The squared error for both kinds.",
)
loss_without_gradient = cheat(
    edit(reference.reconstruction_loss, 'if kind == "mse":', 'x_hat = x_hat.detach()\n    if kind == "mse":'),
    most=0.75,
    says="No gradient flows back.",
)
samples_as_they_are = cheat(
    edit(reference.pca_reconstruction, "(x - mean) @ top.T @ top + mean", "x"), most=0.0, says="Returns x."
)
nothing_but_the_mean = cheat(
    edit(reference.pca_reconstruction, "(x - mean) @ top.T @ top + mean", "mean + 0 * x"),
    most=0.0,
    says="Returns the mean of the samples.",
)
trains_nothing = cheat(
    instead(reference.train_autoencoder, never_trained), most=0.0, says="Losses without any update."
)
corrupts_nothing = cheat(
    edit(
        reference.corrupt,
        'if kind == "gaussian":',
        'if kind != "":\n        return x.clone()\n    if kind == "gaussian":',
    ),
    most=0.0,
    says="Refuses what is to be refused, and returns a copy.",
)
noise_of_one_size = cheat(
    edit(
        reference.corrupt,
        "torch.randn(x.shape, generator=generator, dtype=x.dtype)",
        "torch.randn(x.shape, generator=generator, dtype=x.dtype).sign()",
    ),
    most=0.7,
    says="The Gaussian noise is the level, up or down.",
)
denoising_without_gradient = cheat(
    edit(
        reference.denoising_loss,
        "return loss(model(corruption(x)), x)",
        "return loss(model(corruption(x)), x).detach()",
    ),
    most=0.75,
    says="No gradient flows back.",
)
sparsity_without_gradient = cheat(
    edit(reference.kl_sparsity, "(on + off).sum()", "(on + off).sum().detach()"),
    most=0.75,
    says="No gradient flows back.",
)
sparse_without_gradient = cheat(
    edit(reference.sparse_loss, "h.mean(dim=0))", "h.mean(dim=0).detach())"),
    most=0.75,
    says="No gradient reaches the code.",
)
sparse_as_a_number = cheat(
    edit(
        reference.sparse_loss,
        "return reconstruction + beta * divergence(rho, h.mean(dim=0))",
        "return torch.zeros_like(h[0, 0]) + (reconstruction + beta * divergence(rho, h.mean(dim=0))).item()",
    ),
    most=0.75,
    says="No gradient flows back.",
)
NORMAL = "torch.randn(mu.shape, generator=generator, dtype=mu.dtype)"
draws_plus_minus_one = cheat(
    edit(reference.reparameterize, NORMAL, f"{NORMAL}.sign()"), most=0.45, says="The noise is 1, up or down."
)
draws_uniform = cheat(
    edit(
        reference.reparameterize,
        NORMAL,
        "12**0.5 * (torch.rand(mu.shape, generator=generator, dtype=mu.dtype) - 0.5)",
    ),
    most=0.45,
    says="The noise is uniform, with variance 1.",
)
draws_nothing = cheat(
    edit(reference.reparameterize, "mu + torch.exp(logvar / 2) * epsilon", "mu + 0 * logvar"),
    most=0.0,
    says="Returns the mean.",
)
gauss_without_gradient = cheat(
    edit(reference.kl_gauss, "per_entry.sum(dim=1).mean()", "per_entry.sum(dim=1).mean().detach()"),
    most=0.75,
    says="No gradient flows back.",
)
penalty_without_gradient = cheat(
    edit(reference.contractive_penalty, "slope = h * (1 - h)", "slope = (h * (1 - h)).detach()"),
    most=0.75,
    says="No gradient reaches the code.",
)
tied_without_gradient = cheat(
    edit(
        reference.TiedAutoencoder,
        "return self.decode(self.encode(x))",
        "return self.decode(self.encode(x)).detach()",
    ),
    most=0.75,
    says="No gradient flows back.",
)

# --- correct variants ---


class ModuleListAutoencoder(nn.Module):
    """Layers in two ModuleLists, activations as functions."""

    def __init__(self, sizes, activation="relu"):
        super().__init__()
        functions = {
            "relu": torch.relu,
            "tanh": torch.tanh,
            "sigmoid": torch.sigmoid,
            "identity": lambda x: x,
        }
        if activation not in functions:
            raise ValueError(f"unknown activation {activation}")
        self.activation = functions[activation]
        pairs = [(sizes[i], sizes[i + 1]) for i in range(len(sizes) - 1)]
        self.down = nn.ModuleList([nn.Linear(a, b) for a, b in pairs])
        self.up = nn.ModuleList([nn.Linear(b, a) for a, b in reversed(pairs)])

    def run(self, layers, x):
        for layer in layers[:-1]:
            x = self.activation(layer(x))
        return layers[-1](x)

    def encode(self, x):
        return self.run(self.down, x)

    def decode(self, h):
        return self.run(self.up, h)

    def forward(self, x):
        return self.run(self.up, self.run(self.down, x))


def loss_by_functional(x_hat, x, kind="mse", reduction="mean"):
    if x_hat.shape != x.shape or reduction not in ("mean", "sum", "sample"):
        raise ValueError("shapes differ or reduction is unknown")
    losses = {
        "mse": nn.functional.mse_loss,
        "bce": nn.functional.binary_cross_entropy_with_logits,
    }
    if kind not in losses:
        raise ValueError("kind is unknown")
    loss = losses[kind](x_hat, x, reduction="mean" if reduction == "mean" else "sum")
    return loss / x.shape[0] if reduction == "sample" else loss


def loss_by_softplus(x_hat, x, kind="mse", reduction="mean"):
    if x_hat.shape != x.shape:
        raise ValueError("shapes differ")
    if kind == "mse":
        table = (x - x_hat).pow(2)
    elif kind == "bce":
        table = x_hat.clamp(min=0) - x * x_hat + torch.log1p(torch.exp(-x_hat.abs()))
    else:
        raise ValueError("kind is unknown")
    per_sample = table.sum(dim=-1)
    if reduction == "sample":
        return per_sample.mean()
    if reduction not in ("mean", "sum"):
        raise ValueError("reduction is unknown")
    return per_sample.sum() / (x.numel() if reduction == "mean" else 1)


def corrupt_by_one_draw(x, kind, level, generator):
    if level < 0 or (level > 1 and kind in ("masking", "salt_pepper")):
        raise ValueError("level makes no sense")
    if kind == "gaussian":
        return x + torch.normal(0.0, 1.0, x.shape, generator=generator, dtype=x.dtype) * level
    u = torch.rand(x.shape, generator=generator, dtype=torch.float64)
    noisy = x.clone()
    if kind == "masking":
        noisy[u > 1 - level] = 0
    elif kind == "salt_pepper":
        noisy[u < level / 2] = x.min()
        noisy[u > 1 - level / 2] = x.max()
    else:
        raise ValueError("kind is unknown")
    return noisy


def corrupt_by_products(x, kind, level, generator):
    if kind not in {"gaussian", "masking", "salt_pepper"} or level < 0:
        raise ValueError("no such corruption")
    if kind != "gaussian" and level > 1:
        raise ValueError("no probability")
    noise = torch.empty_like(x)
    if kind == "gaussian":
        return torch.add(x, noise.normal_(generator=generator), alpha=level)
    keep = torch.bernoulli(torch.full_like(x, 1 - level), generator=generator)
    if kind == "masking":
        return x * keep
    salt = torch.bernoulli(torch.full_like(x, 0.5), generator=generator)
    return keep * x + (1 - keep) * (salt * x.max() + (1 - salt) * x.min())


def denoise_step_by_step(model, x, corruption, loss):
    noisy = corruption(x.clone())
    rebuilt = model(noisy)
    return loss(rebuilt, x)


def sparsity_by_entropies(rho, rho_hat):
    q = torch.clip(rho_hat, 1e-6, 1 - 1e-6)
    p = torch.full_like(q, rho)
    cross = -(p * q.log() + (1 - p) * torch.log1p(-q))
    return torch.sum(cross + torch.xlogy(p, p) + torch.xlogy(1 - p, 1 - p))


def sparse_loss_in_steps(reconstruction, h, rho, beta, divergence):
    activity = torch.sum(h, 0) / h.shape[0]
    penalty = divergence(rho, activity)
    return torch.add(reconstruction, penalty * beta)


def reparameterize_by_empty(mu, logvar, generator):
    noise = torch.empty_like(mu).normal_(generator=generator)
    return torch.sqrt(torch.exp(logvar)) * noise + mu


def kl_gauss_by_loop(mu, logvar):
    total = 0
    for m, v in zip(mu, logvar, strict=True):
        total = total - 0.5 * (1 + v - m.square() - v.exp()).sum()
    return total / mu.shape[0]


def kl_gauss_by_distributions(mu, logvar):
    code = torch.distributions.Normal(mu, torch.exp(0.5 * logvar))
    prior = torch.distributions.Normal(torch.zeros_like(mu), torch.ones_like(mu))
    return torch.distributions.kl_divergence(code, prior).sum(-1).mean()


def pca_by_covariance(x, k):
    if k < 1 or k > x.shape[0] or k > x.shape[1]:
        raise ValueError("k is out of range")
    centred = x - x.mean(0, keepdim=True)
    _, vectors = torch.linalg.eigh(centred.T @ centred / len(x))
    top = vectors[:, x.shape[1] - k :]
    return torch.einsum("nd,dk,ek->ne", centred, top, top) + x.mean(0)


def pca_by_truncation(x, k):
    if k not in range(1, min(x.shape) + 1):
        raise ValueError("k is out of range")
    mean = x.mean(0)
    u, s, vh = torch.linalg.svd(x - mean, full_matrices=False)
    s = torch.where(torch.arange(len(s)) < k, s, torch.zeros_like(s))
    return (u * s) @ vh + mean


def train_by_index(model, x, rows, loss, lr, corruption=None):
    model.train()
    adam = torch.optim.Adam(params=model.parameters(), lr=lr)
    history = torch.zeros(len(rows), dtype=torch.float64)
    for t in range(len(rows)):
        adam.zero_grad(set_to_none=False)
        clean = torch.index_select(x, 0, rows[t])
        noisy = clean.clone()
        if corruption is not None:
            noisy = corruption(noisy)
        value = loss(model(noisy), clean)
        value.backward()
        adam.step()
        history[t] = value.detach()
    return history.tolist()


def bug_of_the_other_sign():
    return torch.full((2, 3), -800.0, dtype=torch.float64), torch.ones(2, 3, dtype=torch.float64)


def penalty_by_einsum(h, weight):
    jacobian = torch.einsum("nk,kd->nkd", h * (1 - h), weight)
    return jacobian.square().sum() / h.shape[0]


class TiedByLinear(nn.Module):
    """torch.nn.functional.linear both ways."""

    def __init__(self, inputs, units):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(units, inputs).normal_(std=inputs**-0.5))
        self.encoder_bias = nn.Parameter(torch.zeros(units))
        self.decoder_bias = nn.Parameter(torch.zeros(inputs))

    def encode(self, x):
        return nn.functional.linear(x, self.weight, self.encoder_bias).sigmoid()

    def decode(self, h):
        return nn.functional.linear(h, self.weight.t(), self.decoder_bias)

    def forward(self, x):
        h = self.encode(x)
        return self.decode(h)


functional = variant(
    instead(reference.Autoencoder, ModuleListAutoencoder),
    instead(reference.reconstruction_loss, loss_by_functional),
    instead(reference.corrupt, corrupt_by_one_draw),
    instead(reference.kl_sparsity, sparsity_by_entropies),
    instead(reference.reparameterize, reparameterize_by_empty),
    instead(reference.kl_gauss, kl_gauss_by_distributions),
    instead(reference.pca_reconstruction, pca_by_covariance),
    instead(reference.TiedAutoencoder, TiedByLinear),
    instead(reference.contractive_penalty, penalty_by_einsum),
)
written_out = variant(
    instead(reference.reconstruction_loss, loss_by_softplus),
    instead(reference.corrupt, corrupt_by_products),
    instead(reference.denoising_loss, denoise_step_by_step),
    instead(reference.sparse_loss, sparse_loss_in_steps),
    instead(reference.kl_gauss, kl_gauss_by_loop),
    instead(reference.pca_reconstruction, pca_by_truncation),
    instead(reference.train_autoencoder, train_by_index),
    instead(reference.bug_hunt, bug_of_the_other_sign),
)

# --- mutants that are right, too ---

_AFTER_VALIDATION = "the three kinds were told apart from all others before, and this order separates them"
_EVERY_ENTRY = "a uniform draw meets the bound exactly with probability 2^-24"
_ANY_INPUT = "every input that shows the bug is right, and this one does"

EQUIVALENT = {
    "75d0aeb992": "sizes[1:] and sizes[:-1] have equal lengths, so strict has nothing to find",
    "36c841f599": "normal noise is symmetric: subtracting it is adding it",
    "3b779e28b0": "normal noise is symmetric: subtracting it is adding it",
    "4491d84410": _EVERY_ENTRY,
    "0481001ff9": _EVERY_ENTRY,
    "7adec36d0c": "salt and pepper are equally likely, whichever of them is drawn below one half",
    "a5bcd339dd": _AFTER_VALIDATION,
    "3ef4a3a9ca": _AFTER_VALIDATION,
    "337f97ea37": _AFTER_VALIDATION,
    "9fca1d5ef1": "the further directions of the full matrix come after the k that are used",
    "13f69d9a13": _ANY_INPUT,
    "1938dfaf8a": _ANY_INPUT,
    "f11dae5582": _ANY_INPUT,
}
