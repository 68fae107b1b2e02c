"""Task card of depth estimation; its metrics are those of `nas.depth.metrics.metrics`."""

from nas.record import Metric, Pictures, TaskCard, View

CARD = TaskCard(
    metrics=(
        Metric(name="delta1", better="higher"),
        Metric(name="abs_rel", better="lower"),
        Metric(name="rmse", better="lower"),
        Metric(name="si_log_rmse", better="lower"),
        Metric(name="error", better="lower", in_brief=False),  # 1 - delta1 says nothing new
    ),
    samples="images",
    input="RGB in [0, 1]",
    output="log-disparity at the input's size, up to a scale and a shift of each image's own",
    pictures=Pictures(
        text="Test images at even distances through the test data, not chosen by how they look: image, true depth, the "
        "winner's depth after its scale and shift have been aligned to the truth. Bright is near, dark is far, grey "
        "has no true depth.",
        views=(
            View(name="image", alt="Test image"),
            View(name="true", alt="True depth of test image"),
            View(name="predicted", alt="Predicted depth of test image"),
        ),
        metrics=("delta1", "abs_rel"),
    ),
)
