"""Generative adversarial networks in PyTorch: noise, losses, a step of the game, coverage, training.

Letters: n or N samples, d numbers per sample, z numbers of noise, B samples in a batch. The *generator* G
makes samples of noise, the *discriminator* D gives each sample a logit: positive for "real", negative for
"fake". With s the sigmoid, s(logit) is its probability for "real".
"""

import torch
from torch.nn import functional


def sample_noise(n, dim, generator, kind="normal"):
    """Noise that the generator makes samples of.

    Args:
        n, dim: ints, how many rows and how many numbers in each.
        generator: torch.Generator, the only source of chance. (It has nothing to do with the network G.)
        kind: "normal" (mean 0, standard deviation 1) or "uniform" (from -1 to 1). Entries are independent.

    Returns:
        float32 tensor (n, dim).

    Raises:
        ValueError: if `kind` is neither of the two.

    Example:
        >>> sample_noise(3, 2, torch.Generator().manual_seed(0), "uniform").shape
        torch.Size([3, 2])

    Source:
        Goodfellow et al. (2014), "Generative adversarial nets", section 3: G maps noise to data.
    """
    if kind == "normal":
        return torch.randn(n, dim, generator=generator)
    if kind == "uniform":
        return 2 * torch.rand(n, dim, generator=generator) - 1
    raise ValueError(f"kind is {kind!r}; expected 'normal' or 'uniform'")


def discriminator_loss(logits_real, logits_fake):
    """How wrong D is: mean of -log s(real) plus mean of -log(1 - s(fake)).

    Args:
        logits_real: float tensor of any shape, what D says of real samples. Exact from -200 to 200.
        logits_fake: float tensor of any shape, also of another size, what D says of fake ones.

    Returns:
        Tensor of shape (); gradients flow to both.

    Example:
        D gives the real sample 3/4 and the fake one 1/4: -log 3/4 - log 3/4 = 2 log 4/3.

        >>> log3 = torch.tensor([3.0]).log()
        >>> discriminator_loss(log3, -log3)
        tensor(0.5754)
        >>> discriminator_loss(torch.zeros(2, 1), torch.zeros(5))  # D cannot tell: 2 log 2
        tensor(1.3863)

    Source:
        Goodfellow et al. (2014), algorithm 1, with the sign turned: D minimises here.
    """
    # -log s(a) = log(1 + e^-a) = softplus(-a), and -log(1 - s(a)) = softplus(a)
    return functional.softplus(-logits_real).mean() + functional.softplus(logits_fake).mean()


def generator_loss(logits_fake):
    """How far G is from fooling D: mean of -log s(fake). Its slope is large where D is sure of the fake.

    Args:
        logits_fake: float tensor of any shape, what D says of fake samples. Exact from -200 to 200.

    Returns:
        Tensor of shape (); gradients flow to the logits.

    Example:
        D gives the fake sample 1/4: -log 1/4 = log 4. The slope is -(1 - 1/4) = -3/4.

        >>> generator_loss(torch.tensor([3.0]).log().neg())
        tensor(1.3863)

    Source:
        Goodfellow et al. (2014), end of section 3: "maximize log D(G(z))".
    """
    return functional.softplus(-logits_fake).mean()


def saturating_generator_loss(logits_fake):
    """The loss of the theory: mean of log(1 - s(fake)). Its slope is nearly 0 where D is sure of the fake.

    Args:
        logits_fake: float tensor of any shape, what D says of fake samples. Exact from -200 to 200.

    Returns:
        Tensor of shape (), never positive; gradients flow to the logits.

    Example:
        D gives the fake sample 1/4: log 3/4. The slope is -1/4.

        >>> saturating_generator_loss(torch.tensor([3.0]).log().neg())
        tensor(-0.2877)

    Source:
        Goodfellow et al. (2014), equation 1.
    """
    return -functional.softplus(logits_fake).mean()


def train_step(generator, discriminator, opt_g, opt_d, real, z_d, z_g, losses):
    """One step of the game: D learns on real and G(z_d), then G learns with G(z_g) and the new D.

    D's part changes the parameters of D alone, G's part those of G alone. Each part uses the gradient of its
    own loss: nothing that an earlier part or an earlier step left behind.

    Args:
        generator: network G, (B, z) -> (B, d). Changed in place.
        discriminator: network D, (B, d) -> (B, 1), logits. Changed in place.
        opt_g, opt_d: torch optimizers, of G's parameters and of D's.
        real: float tensor (B, d).
        z_d, z_g: float tensors (B, z), noise for D's part and for G's part.
        losses: two functions (d_loss, g_loss), called as d_loss(logits_real, logits_fake) and
            g_loss(logits_fake). Here (discriminator_loss, generator_loss).

    Returns:
        d_loss, g_loss: two floats, each the loss whose gradient its part used.

    Example:
        G adds a, D multiplies by w; real 1, noise 0, a = 0, w = 1, plain gradient descent, lr 0.5. The losses
        are -w real + w fake and -w fake. D: slope -1, so w = 1.5. G: slope -1.5, so a = 0.75.

        >>> D, G = torch.nn.Linear(1, 1, bias=False), torch.nn.Linear(1, 1)
        >>> D.weight.data[:], G.weight.data[:], G.bias.data[:] = 1.0, 1.0, 0.0
        >>> opt_g, opt_d = (torch.optim.SGD(net.parameters(), lr=0.5) for net in (G, D))
        >>> losses = (lambda real, fake: fake.mean() - real.mean()), (lambda fake: -fake.mean())
        >>> d_loss, g_loss = train_step(G, D, opt_g, opt_d, torch.ones(1, 1), *torch.zeros(2, 1, 1), losses)
        >>> d_loss, D.weight.item(), G.bias.item()
        (-1.0, 1.5, 0.75)

    Source:
        Goodfellow et al. (2014), algorithm 1 with k = 1.
    """
    loss_of_d, loss_of_g = losses
    fake = generator(z_d).detach()  # D's part ends here: nothing of it reaches G
    d_loss = loss_of_d(discriminator(real), discriminator(fake))
    opt_d.zero_grad()
    d_loss.backward()
    opt_d.step()
    g_loss = loss_of_g(discriminator(generator(z_g)))  # through D, whose gradients opt_g does not touch
    opt_g.zero_grad()
    g_loss.backward()
    opt_g.step()
    return d_loss.item(), g_loss.item()


def mode_coverage(samples, centres, radius):
    """How many of the k modes G hits, and how many of its samples hit one.

    A sample belongs to the one centre that is nearest, and is a hit if it lies within `radius` of it. A mode
    counts if at least 1 % of *all* samples are hits of it.

    Args:
        samples: float tensor (n, d), made by G.
        centres: float tensor (k, d), the middles of the modes.
        radius: float > 0.

    Returns:
        modes: int, the number of modes that count.
        share: float, the share of hits among all samples.

    Example:
        Centres at 0 and 10, radius 1. The samples 0 and 0.5 hit the first, 4 hits none.

        >>> modes, share = mode_coverage(torch.tensor([[0.0], [0.5], [4]]), torch.tensor([[0.0], [10]]), 1.0)
        >>> modes, round(share, 4)
        (1, 0.6667)

    Source:
        Srivastava et al. (2017), "VEEGAN", section 4.1: modes captured and high-quality samples.
    """
    distance, nearest = torch.cdist(samples, centres).min(dim=1)
    hit = distance <= radius
    hits = torch.bincount(nearest[hit], minlength=len(centres))
    return int((hits >= 0.01 * len(samples)).sum()), float(hit.double().mean())


def train_gan(generator, discriminator, real, noise, losses, lr=2e-3, betas=(0.5, 0.9)):
    """Play the game, one `train_step` for each batch, with an Adam optimizer for each network.

    Args:
        generator: network G, (B, z) -> (B, d). Changed in place.
        discriminator: network D, (B, d) -> (B, 1), logits. Changed in place.
        real: float tensor (steps, B, d), the batch of each step.
        noise: float tensor (steps, 2, B, z), for each step z_d and z_g.
        losses: two functions (d_loss, g_loss), as in `train_step`.
        lr, betas: of both optimizers, `torch.optim.Adam`.

    Returns:
        A list with the pair (d_loss, g_loss) of each step.

    Example:
        >>> G, D = torch.nn.Linear(2, 3), torch.nn.Linear(3, 1)
        >>> losses = (lambda real, fake: fake.mean() - real.mean()), (lambda fake: -fake.mean())
        >>> len(train_gan(G, D, torch.ones(4, 5, 3), torch.zeros(4, 2, 5, 2), losses))
        4

    Source:
        Goodfellow et al. (2014), algorithm 1; Radford, Metz and Chintala (2016), "DCGAN", for Adam with a
        small first beta.
    """
    opt_g, opt_d = (
        torch.optim.Adam(network.parameters(), lr=lr, betas=betas) for network in (generator, discriminator)
    )
    return [
        train_step(generator, discriminator, opt_g, opt_d, batch, z_d, z_g, losses)
        for batch, (z_d, z_g) in zip(real, noise, strict=True)
    ]


def bug_hunt():
    """Two sets of samples that fool one number of `mode_coverage` each.

    The centres are the ring of eight of the notebook: at distance 2 from the origin, the first at (2, 0), 45
    degrees apart. The radius is 0.3.

    Returns:
        collapsed: float tensor (200, 2) with a share of at least 0.95, but a single mode of the eight.
        scattered: float tensor (200, 2) with all eight modes, but a share below 0.3.

    Source:
        Salimans et al. (2016), "Improved techniques for training GANs", section 3.2 (collapse).
    """
    turns = torch.linspace(0, 1.75 * torch.pi, 8)
    middles = torch.stack((2 * turns.cos(), 2 * turns.sin()), 1)
    return middles[:1].repeat(200, 1), torch.cat([middles.repeat(5, 1), torch.zeros(160, 2)])


def lsgan_losses(scores_real, scores_fake):
    """Least squares for logarithms: D pulls real scores to 1 and fake ones to 0, G pulls fake ones to 1.

    Args:
        scores_real, scores_fake: float tensors of any shapes, what D says (no sigmoid).

    Returns:
        d_loss: tensor of shape (), half the mean of (real - 1)^2 plus half the mean of fake^2.
        g_loss: tensor of shape (), half the mean of (fake - 1)^2.

    Example:
        >>> lsgan_losses(torch.tensor([3.0]), torch.tensor([4.0]))  # (4 + 16) / 2 and 9 / 2
        (tensor(10.), tensor(4.5000))

    Source:
        Mao et al. (2017), "Least squares generative adversarial networks", equation 9.
    """
    d_loss = ((scores_real - 1) ** 2).mean() / 2 + (scores_fake**2).mean() / 2
    return d_loss, ((scores_fake - 1) ** 2).mean() / 2


def wgan_losses(scores_real, scores_fake):
    """Losses of the Wasserstein GAN: the critic D moves real scores up and fake ones down, G fake ones up.

    Args:
        scores_real, scores_fake: float tensors of any shapes, what the critic says (no sigmoid).

    Returns:
        d_loss: tensor of shape (), mean of the fake scores minus mean of the real ones.
        g_loss: tensor of shape (), minus the mean of the fake scores.

    Example:
        >>> wgan_losses(torch.tensor([3.0]), torch.tensor([4.0]))
        (tensor(1.), tensor(-4.))

    Source:
        Arjovsky, Chintala and Bottou (2017), "Wasserstein GAN", algorithm 1.
    """
    return scores_fake.mean() - scores_real.mean(), -scores_fake.mean()


def gradient_penalty(critic, real, fake, generator):
    """Keeps the slope of a Wasserstein critic near 1: mean over the samples of (|slope| - 1)^2.

    The slope of sample i is the gradient of the critic at a point between real[i] and fake[i]. Where it lies
    is one random number per sample, uniform from 0 to 1. |slope| is the Euclidean norm over the d numbers of
    a sample.

    Args:
        critic: function (N, d) -> (N, 1), such as a network. Call it once. It looks at each row by itself.
        real, fake: float tensors (N, d).
        generator: torch.Generator, the only source of chance.

    Returns:
        Tensor of shape (); gradients flow from it to the parameters of the critic.

    Example:
        The slope of 3 x_1 + 4 x_2 is (3, 4) everywhere, its norm 5: (5 - 1)^2.

        >>> def critic(x): return x @ torch.tensor([[3.0], [4.0]])
        >>> g = torch.Generator().manual_seed(0)
        >>> gradient_penalty(critic, torch.ones(6, 2), torch.zeros(6, 2), g).item()
        16.0

    Source:
        Gulrajani et al. (2017), "Improved training of Wasserstein GANs", algorithm 1, without lambda.
    """
    where = torch.rand(len(real), 1, generator=generator, dtype=real.dtype)
    between = (where * real + (1 - where) * fake).detach().requires_grad_()
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    return ((slope.norm(dim=1) - 1) ** 2).mean()
