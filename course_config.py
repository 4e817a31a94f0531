"""The course: units in the order of teaching, dates, limits and policies."""

from autograder.course import Course, Disclosure, LatePolicy, Limits, Profile, Unit

course = Course(
    name="deep-learning",
    title="Deep Learning",
    units=(
        Unit("backprop", "Backpropagation", due="2027-01-10T23:59+01:00", hours=8),
        Unit("optimizers", "Optimizers", due="2027-01-17T23:59+01:00", hours=5),
        Unit("conv_layer", "Convolution layer", due="2027-01-24T23:59+01:00", hours=9),
        Unit("pooling", "Pooling", due="2027-01-31T23:59+01:00", hours=4),
        Unit("batchnorm", "Batch normalisation", due="2027-02-07T23:59+01:00", hours=7),
        Unit("dropout", "Dropout", due="2027-02-11T23:59+01:00", hours=4),
        Unit("lstm", "Recurrent networks", due="2027-02-21T23:59+01:00", hours=9),
        Unit("autoencoder", "Autoencoder", due="2027-02-28T23:59+01:00", hours=6, runtime="torch", papers=4),
        Unit("gan", "Adversarial networks", due="2027-03-07T23:59+01:00", hours=6, runtime="torch", papers=4),
        Unit("dqn", "Deep Q-learning", due="2027-03-14T23:59+01:00", hours=7, runtime="torch", papers=4),
    ),
    data="data",
    python="3.11",
    limits=Limits(call_seconds=5.0, memory_mib=1024),
    late=LatePolicy(percent_per_day=10.0, days=5, grace_minutes=15),
    disclosure=Disclosure(verdicts="always", mistakes="always", smallest_case="always"),
    profiles=(
        Profile("small", "NumPy notebook", cpus=1, memory_gib=2, hours=4),
        Profile("gpu", "One GPU", cpus=4, memory_gib=16, gpus=1, hours=2),
    ),
)
