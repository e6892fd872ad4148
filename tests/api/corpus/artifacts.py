"""The artifact proxy: files of runs up, down, listed, deleted."""

from tests.api.corpus.steps import Step, get, post

_PROXY = "/api/2.0/mlflow-artifacts/artifacts"
_BYTES = {"Content-Type": "application/octet-stream"}


def _put(path: str, content: bytes = b"hello") -> Step:
    return Step("PUT", f"{_PROXY}/{path}", raw=content, headers=_BYTES)


def _get(path: str) -> Step:
    return Step("GET", f"{_PROXY}/{path}")


def _delete(path: str) -> Step:
    return Step("DELETE", f"{_PROXY}/{path}")


# ${root} is the place of the run's artifacts below the proxy, which every server chooses for itself.
STEPS = [
    post("experiments/create", {"name": "a-exp"}).saving(ax="experiment_id"),
    post("runs/create", {"experiment_id": "${ax}", "start_time": 1, "run_name": "files"}).saving(
        ar="run.info.run_id", root="run.info.artifact_uri"
    ),
    _put("${root}/a.txt"),
    _put("${root}/a.txt", b"hello again"),
    _put("${root}/dir/b.txt"),
    _put("${root}/dir/sub/c d+e%25.txt"),
    _put("${root}/empty.bin", b""),
    _get("${root}/a.txt"),
    _get("${root}/dir/b.txt"),
    _get("${root}/dir/sub/c d+e%25.txt".replace(" ", "%20")),
    _get("${root}/none.txt"),
    _get("${root}/dir").because("MLflow answers with a page in HTML", 404),
    get(_PROXY, path="${root}"),
    get(_PROXY, path="${root}/dir"),
    get(_PROXY, path="${root}/dir/sub"),
    get(_PROXY, path="${root}/a.txt"),
    get(_PROXY, path="${root}/none"),
    get("artifacts/list", run_id="${ar}"),
    get("artifacts/list", run_id="${ar}", path="dir"),
    get("artifacts/list", run_id="${ar}", path="a.txt"),
    get("artifacts/list", run_id="${ar}", path="none"),
    get("artifacts/list", run_id="${ar}", path="../.."),
    get("artifacts/list", run_id="${ar}", path="/etc"),
    get("/get-artifact", run_id="${ar}", path="a.txt"),
    get("/get-artifact", run_uuid="${ar}", path="dir/b.txt"),
    get("/get-artifact", run_id="${ar}", path="../../x"),
    get("/get-artifact", run_id="${ar}"),
    _get("${root}/%2e%2e/%2e%2e/x"),
    _get("${root}/..%2f..%2fx"),
    _get("%2e%2e/%2e%2e/etc/passwd"),
    _put("%2e%2e/%2e%2e/etc/x"),
    get(_PROXY, path="../.."),
    get(_PROXY, path="/etc"),
    _delete("${root}/a.txt"),
    _delete("${root}/a.txt"),
    _get("${root}/a.txt"),
    _delete("${root}/%2e%2e/x"),
    get("artifacts/list", run_id="${ar}"),
    # folders
    *(_put("${root}/" + path) for path in ("m/MLmodel", "m/data/model.pkl", "m/data/x/y/z.bin", "m.txt", "a.b", "z/1")),
    get("artifacts/list", run_id="${ar}"),
    get("artifacts/list", run_id="${ar}", path=""),
    get("artifacts/list", run_id="${ar}", path="m"),
    get("artifacts/list", run_id="${ar}", path="m/data"),
    get("artifacts/list", run_id="${ar}", path="m/data/x"),
    get("artifacts/list", run_id="${ar}", path="m/MLmodel"),
    get("artifacts/list", run_uuid="${ar}", path="z"),
    get("/ajax-api/2.0/mlflow/artifacts/list", run_uuid="${ar}", path="m"),
    get(_PROXY, path="${root}/m"),
    get(_PROXY, path="${root}/m/data/x/y"),
    get(_PROXY, path="${root}/m.txt"),
    _get("${root}/m/data/x/y/z.bin"),
    _get("${root}/m/data/x/y/none"),
    get("/get-artifact", run_id="${ar}", path="m/MLmodel"),
    get("/get-artifact", run_id="${ar}", path="m/none"),
    get("/get-artifact", run_id="0123456789abcdef0123456789abcdef", path="m/MLmodel"),
    _delete("${root}/m/data/x"),
    _get("${root}/m/data/x/y/z.bin"),
    _get("${root}/m/data/model.pkl"),
    _delete("${root}/m"),
    _get("${root}/m/data/model.pkl"),
    _get("${root}/m/MLmodel"),
    _get("${root}/m.txt"),
    _delete("${root}/z/1"),
    _get("${root}/z/1"),
    _put("${root}/name with spaces/ü.txt".replace(" ", "%20").replace("ü", "%C3%BC")),
    get(_PROXY, path="${root}/name with spaces"),
    _get("${root}/name%20with%20spaces/%C3%BC.txt"),
    Step("POST", "/ajax-api/2.0/mlflow/upload-artifact", {"run_uuid": "${ar}", "path": "up/x.txt"}, raw=b"page"),
    Step("POST", "/ajax-api/2.0/mlflow/upload-artifact", {"run_uuid": "${ar}"}, raw=b"page"),
    Step("POST", "/ajax-api/2.0/mlflow/upload-artifact", {"path": "up/x.txt"}, raw=b"page"),
    Step("POST", "/ajax-api/2.0/mlflow/upload-artifact", {"run_uuid": "${ar}", "path": "../x.txt"}, raw=b"page"),
    _get("${root}/up/x.txt"),
    # files of versions and of logged models
    post("logged-models", {"experiment_id": "${ax}", "name": "files"}).saving(
        am="model.info.model_id", mroot="model.info.artifact_uri"
    ),
    _put("${mroot}/MLmodel", b"flavors: {}"),
    _put("${mroot}/data/model.pkl", b"pickle"),
    get("logged-models/${am}/artifacts/directories"),
    get("logged-models/${am}/artifacts/directories", artifact_directory_path="data"),
    get("logged-models/${am}/artifacts/directories", artifact_directory_path="none"),
    get("logged-models/${am}/artifacts/directories", artifact_directory_path="../.."),
    get("/ajax-api/2.0/mlflow/logged-models/${am}/artifacts/files", artifact_file_path="data/model.pkl"),
    get("/ajax-api/2.0/mlflow/logged-models/${am}/artifacts/files", artifact_file_path="none"),
    get("/ajax-api/2.0/mlflow/logged-models/${am}/artifacts/files", artifact_file_path="../../x"),
    get("/ajax-api/2.0/mlflow/logged-models/${am}/artifacts/files").because(
        "a parameter that is missing is INVALID_PARAMETER_VALUE everywhere"
    ),
    post("registered-models/create", {"name": "a-model"}),
    post("model-versions/create", {"name": "a-model", "source": "models:/${am}", "model_id": "${am}"}).because(
        "a version says of which logged model it is", 200
    ),
    get("/model-versions/get-artifact", name="a-model", version="1", path="MLmodel"),
    get("/model-versions/get-artifact", name="a-model", version="1", path="data/model.pkl"),
    get("/model-versions/get-artifact", name="a-model", version="1", path="none"),
    get("/model-versions/get-artifact", name="a-model", version="1", path="../x"),
    get("/model-versions/get-artifact", name="a-model", version="9", path="MLmodel"),
    get("/model-versions/get-artifact", name="none", version="1", path="MLmodel"),
    get("/model-versions/get-artifact", name="a-model", version="1"),
]
