"""Addresses: our own, MLflow's, wrong ones, below a prefix, and from another server than the API's."""

from __future__ import annotations

import functools
import http.server
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cloudtrack.api.bundle import BUILT
from tests.e2e.filling import MODEL, SWEEP, fill_models, fill_sweep
from tests.e2e.stores import Shown, shown
from tests.e2e.watching import settle


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    def fill(root: str) -> dict[str, Any]:
        return {"sweep": fill_sweep(root, runs=4, steps=5), **fill_models(root)}

    with shown(tmp_path_factory.mktemp("addresses"), fill) as one:
        yield one


def _address(store: Shown, template: str) -> str:
    runs = store.made["sweep"]
    return template.format(e=store.experiment(SWEEP), r=runs[0], s=runs[1], m=MODEL)


@pytest.mark.slow  # test_quality opens nearly all of them too
@pytest.mark.parametrize(
    ("template", "heading"),
    [
        ("#/experiments", "Experiments"),
        ("#/experiments/{e}", SWEEP),
        ("#/experiments/{e},0", "2 experiments"),
        ("#/experiments/{e}/runs/{r}", "sweep-00"),
        ("#/experiments/{e}/runs/{r}/metrics", "sweep-00"),
        ("#/experiments/{e}/runs/{r}/system", "sweep-00"),
        ("#/experiments/{e}/runs/{r}/artifacts", "sweep-00"),
        ("#/experiments/{e}/runs/{r}/logs", "sweep-00"),
        ("#/experiments/{e}/runs/{r}/models", "sweep-00"),
        ("#/experiments/{e}/runs/{r}/activity", "sweep-00"),
        ("#/compare?runs={r}.{s}", "2 runs side by side"),
        ("#/metric/val/acc?runs={r}.{s}", "val/acc"),
        ("#/models", "Models"),
        ("#/models/{m}", MODEL),
        ("#/models/{m}/board", MODEL),
        ("#/models/{m}/timeline", MODEL),
        ("#/models/{m}/activity", MODEL),
        ("#/models/{m}/versions/2", MODEL),
        ("#/models/{m}/versions/2/artifacts/MLmodel", MODEL),
        ("#/models/{m}/versions/2/lineage", MODEL),
        ("#/models/{m}/versions/2/activity", MODEL),
        ("#/models/{m}/compare/1..2", MODEL),
        ("#/models/{m}/compare/1.2.3", MODEL),
        ("#/requests", "Requests"),
        ("#/activity", "Activity"),
        ("#/trash", "Trash"),
        ("#/settings", "Settings"),
        ("#/keys", "Keys"),
    ],
)
def test_every_address_opens_by_itself(store: Shown, page: Any, template: str, heading: str) -> None:
    page.goto(f"{store.server.url}/{_address(store, template)}")
    page.locator("h1", has_text=heading).wait_for()
    assert page.locator("h1").count() == 1
    settle(page)
    assert page.locator(".failure").all_inner_texts() == []
    assert page.title().endswith("· cloudtrack")


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("#/", "#/experiments"),
        ("#/experiments/{e}/runs", "#/experiments/{e}"),
        ("#/experiments/{e}?compareRunsMode=CHART", "#/experiments/{e}?view=charts"),
        ('#/compare-experiments/s?experiments=["{e}","0"]', "#/experiments/{e},0"),
        ("#/experiments/{e}/runs/{r}/model-metrics", "#/experiments/{e}/runs/{r}/metrics"),
        ("#/experiments/{e}/runs/{r}/artifactPath/a/b.txt", "#/experiments/{e}/runs/{r}/artifacts/a/b.txt"),
        ('#/compare-runs?runs=["{r}","{s}"]&experiments=["{e}"]', "#/compare?runs="),
        ('#/metric?runs=["{r}"]&metric="val/acc"&experiments=["{e}"]', "#/metric/val/acc?runs="),
    ],
)
def test_mlflows_addresses_become_ours(store: Shown, page: Any, watch: Any, theirs: str, ours: str) -> None:
    watch.expect("404")  # there is no such file a/b.txt
    page.goto(f"{store.server.url}/{_address(store, theirs)}")
    page.locator("h1").wait_for()
    assert _address(store, ours) in page.url


def test_what_a_client_prints_opens_its_run(store: Shown, page: Any) -> None:
    program = (
        "import cloudtrack as ct\n"
        f"ct.set_tracking_uri({store.server.url!r})\n"
        "ct.set_experiment('printed')\n"
        "with ct.start_run(run_name='printing') as run: ct.log_metric('m', 1)\n"
        "print(run.info.run_id)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    printed = [word for word in (done.stdout + done.stderr).split() if word.startswith(store.server.url)]
    assert printed, "the client prints where the run can be seen, as MLflow's does"
    page.goto(printed[0])
    page.locator("h1", has_text="printing").wait_for()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("#/nowhere/at/all", "There is no such page"),
        ("#/experiments/99999", "There is no such experiment"),
        ("#/experiments/0/runs/" + "0" * 32, "There is no such run"),
        ("#/models/none", "There is no such model"),
        (f"#/models/{MODEL}/versions/99", "There is no such version"),
    ],
)
def test_what_is_not_there_is_said(store: Shown, page: Any, watch: Any, address: str, said: str) -> None:
    watch.expect("404")
    page.goto(f"{store.server.url}/{address}")
    page.get_by_text(said).wait_for()


def test_crumbs_lead_back(store: Shown, page: Any) -> None:
    page.goto(f"{store.server.url}/{_address(store, '#/experiments/{e}/runs/{r}')}")
    page.locator("h1", has_text="sweep-00").wait_for()
    page.get_by_role("navigation", name="Breadcrumb").get_by_text(SWEEP).click()
    page.locator("h1", has_text=SWEEP).wait_for()


def test_crumbs_keep_the_query_of_the_list(store: Shown, page: Any) -> None:
    query = "?q=params.batch_size+%3D+'64'&sort=metrics.val/acc&dir=desc"
    page.goto(f"{store.server.url}/{_address(store, '#/experiments/{e}')}{query}")
    page.locator("[role=grid] [data-row]").first.wait_for()
    page.get_by_role("link", name="sweep-00").click()
    page.locator("h1", has_text="sweep-00").wait_for()
    page.get_by_role("navigation", name="Breadcrumb").get_by_text(SWEEP).click()
    page.wait_for_url("**sort=metrics.val/acc**")
    assert "q=params.batch_size" in page.url


class _Prefixed(http.server.BaseHTTPRequestHandler):
    """Passes what is below /deep/prefix on to a server, as a reverse proxy does."""

    target = ""

    def _pass(self) -> None:
        if not self.path.startswith("/deep/prefix/"):
            self.send_error(404)
            return
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length) if length else None
        headers = {
            name: value for name, value in self.headers.items() if name.lower() in ("content-type", "if-none-match")
        }
        request = urllib.request.Request(
            self.target + self.path.removeprefix("/deep/prefix"), body, headers, method=self.command
        )
        try:
            answer = urllib.request.urlopen(request, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in ("transfer-encoding", "content-length", "connection", "date"):
                self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _pass  # noqa: N815 - the library's names

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@contextmanager
def _listening(handler: Any) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_the_page_works_below_a_prefix(store: Shown, page: Any) -> None:
    with _listening(type("Handler", (_Prefixed,), {"target": store.server.url})) as url:
        page.goto(f"{url}/deep/prefix/#/experiments")
        page.get_by_role("link", name=SWEEP).click()
        page.locator("[role=grid] [data-row]").first.wait_for()
        page.goto("about:blank")


def test_the_page_lies_on_one_server_and_the_api_on_another(store: Shown, page: Any, tmp_path: Path) -> None:
    class Static(http.server.SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/ajax-api/"):
                _Prefixed.target = store.server.url
                self.path = f"/deep/prefix{self.path}"
                _Prefixed._pass(self)  # type: ignore[arg-type]
            else:
                super().do_GET()

        target = store.server.url

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    with _listening(functools.partial(Static, directory=str(BUILT))) as url:
        page.goto(f"{url}/index.html#/experiments/{store.experiment(SWEEP)}")
        page.locator("[role=grid] [data-row]").first.wait_for()
        page.goto("about:blank")
