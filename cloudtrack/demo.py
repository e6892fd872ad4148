"""The whole job on real data, as a script would do it: train, record, register, promote, load back, predict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cloudtrack as ct
from cloudtrack.errors import MissingDependency

EXPERIMENT = "wine"
MODEL = "wine-cultivar"


@dataclass(frozen=True)
class DemoResult:
    """What the demo leaves in the store."""

    store: str
    runs: int
    best_run_id: str
    best_accuracy: float
    version: int
    predictions: list[int]
    truth: list[int]


def run_demo(say: Callable[[str], None]) -> DemoResult:
    """Classify 178 wines by their chemistry into three cultivars (scikit-learn's copy of the UCI data set)."""
    try:
        from sklearn.datasets import load_wine
        from sklearn.ensemble import RandomForestClassifier
        from sklearn.linear_model import LogisticRegression
        from sklearn.metrics import accuracy_score, log_loss
        from sklearn.model_selection import train_test_split
        from sklearn.neighbors import KNeighborsClassifier
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
    except ImportError as error:
        raise MissingDependency('the demo needs scikit-learn: pip install "cloudtrack[sklearn]"') from error

    features, cultivar = load_wine(return_X_y=True, as_frame=True)
    x_train, x_test, y_train, y_test = train_test_split(features, cultivar, test_size=0.4, random_state=7)
    candidates = {
        "nearest neighbours": make_pipeline(StandardScaler(), KNeighborsClassifier(n_neighbors=5)),
        "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(C=0.5)),
        "random forest": RandomForestClassifier(n_estimators=60, max_depth=4, random_state=7),
    }

    ct.set_experiment(EXPERIMENT)
    say(f"store       {ct.get_tracking_uri()}")
    results: dict[str, tuple[float, str]] = {}
    for name, model in candidates.items():
        with ct.start_run(run_name=name) as run:
            ct.log_input(ct.data.from_pandas(features, name="wine"), context="training")
            ct.log_params({"model": name, "train_rows": len(x_train)})
            for share in range(1, 11):
                rows = len(x_train) * share // 10
                model.fit(x_train[:rows], y_train[:rows])
                loss = log_loss(y_test, model.predict_proba(x_test), labels=[0, 1, 2])
                accuracy = float(accuracy_score(y_test, model.predict(x_test)))
                ct.log_metrics({"log_loss": float(loss), "accuracy": accuracy}, step=rows)
            ct.sklearn.log_model(
                model,
                name="model",
                signature=ct.models.infer_signature(x_test, model.predict(x_test)),
                input_example=x_test.head(2),
            )
            results[run.info.run_id] = (accuracy, name)
            say(f"run         {run.info.run_id}  accuracy {accuracy:.3f}  {name}")

    best = max(results, key=lambda run_id: results[run_id])
    version = ct.register_model(f"runs:/{best}/model", MODEL)
    say(f"registered  {MODEL} version {version.version} from {results[best][1]}")
    ct.MlflowClient().transition_model_version_stage(
        MODEL, version.version, "Production", archive_existing_versions=True
    )
    say(f"promoted    version {version.version} to Production")

    production = ct.pyfunc.load_model(f"models:/{MODEL}/Production")
    sample = x_test.head(8)
    predictions = [int(value) for value in production.predict(sample)]
    truth = [int(value) for value in y_test.head(8)]
    say(f"predicted   {predictions}")
    say(f"truth       {truth}")
    return DemoResult(ct.get_tracking_uri(), len(results), best, results[best][0], version.version, predictions, truth)
