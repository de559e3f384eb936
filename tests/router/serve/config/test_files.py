"""One YAML file says everything, and whatever is wrong with it is told at once, with its place."""

from pathlib import Path

import pytest

from router.serve.config.nodes import ConfigurationError
from router.serve.http.config import Compression, Cors, CrossSite, Uploads
from router.serve.persisted.policy import Safelist
from router.serve.traffic import Insert, Propagate, Retries, Traffic
from tests.router.serve.config.configured import configured, in_file, problems


def refusal(folder: Path, text: str, **environment: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        in_file(folder, text, environment)
    return problems(caught.value, folder)


class TestValues:
    def test_a_file_with_the_supergraph_alone_is_what_options_without_values_are(self, tmp_path: Path) -> None:
        found = in_file(tmp_path, "http:\nlimits: {}\n")
        assert found.supergraph.file == tmp_path / "supergraph.graphql", "paths start from the file"
        usual = configured()
        assert (found.http, found.limits, found.traffic) == (usual.http, usual.limits, usual.traffic)

    def test_each_kind_of_value_is_read(self, tmp_path: Path) -> None:
        found = in_file(
            tmp_path,
            """
http:
  cors: {origins: [https://a.example, https://b.example], credentials: true}
  batch: 5
limits:
  planning_seconds: 2
  operation_seconds: null
persisted:
  safelist: off
  manifests: [a.json, /b.json]
""",
        )
        assert found.http.cors == Cors(("https://a.example", "https://b.example"), credentials=True)
        assert (found.http.batch, found.limits.planning_seconds, found.limits.operation_seconds) == (5, 2.0, None)
        assert found.persisted.safelist is Safelist.OFF, "where a word is meant, `off` is one"
        assert found.persisted.manifests == (tmp_path / "a.json", Path("/b.json"))

    def test_what_can_be_off_is_switched_by_true_and_false(self, tmp_path: Path) -> None:
        found = in_file(tmp_path, "http: {uploads: true, compression: false, cross_site: true}")
        assert (found.http.uploads, found.http.compression, found.http.cross_site) == (Uploads(), None, CrossSite())

    def test_rules_are_told_apart_by_their_names(self, tmp_path: Path) -> None:
        text = "traffic: {headers: [{propagate: {matching: 'x-.*'}}, {insert: {name: a, value: b}}]}"
        assert in_file(tmp_path, text).traffic.headers == (Propagate(matching="x-.*"), Insert("a", "b"))

    def test_a_subgraph_says_only_what_differs(self, tmp_path: Path) -> None:
        found = in_file(
            tmp_path,
            "traffic: {all: {timeout_seconds: 5, retries: {attempts: 7}}, subgraphs: {a: {traffic: {sharing: false}}}}",
        )
        assert found.traffic.of("a").traffic == Traffic(timeout_seconds=5.0, retries=Retries(attempts=7), sharing=False)
        assert found.traffic.of("b").traffic == Traffic(timeout_seconds=5.0, retries=Retries(attempts=7))


class TestEnvironment:
    def test_a_file_names_variables(self, tmp_path: Path) -> None:
        text = "demand:\n  redis_url: ${REDIS}\n  list_size: ${SIZE:-7}\n  redis_prefix: 'a$${b}'"
        found = in_file(tmp_path, text, {"REDIS": "redis://h", "SIZE": ""}).demand
        assert (found.redis_url, found.list_size, found.redis_prefix) == ("redis://h", 7, "a${b}")

    def test_what_a_variable_holds_is_never_read_as_yaml(self, tmp_path: Path) -> None:
        found = in_file(tmp_path, "demand:\n  redis_prefix: ${P}", {"P": "a: {b: [c], d: *e}"})
        assert found.demand.redis_prefix == "a: {b: [c], d: *e}"

    def test_a_variable_that_is_not_there_is_told_with_all_else_that_is_wrong(self, tmp_path: Path) -> None:
        text = (
            "limits:\n  depth: ${DEPTH}\n  aliases: many\nhttp: {hosts: '${HOSTS}', cors: '${CORS}'}\nhttq: 1\nhttq: 1"
        )
        assert refusal(tmp_path, text) == [
            "router.yaml:7: httq: The key is there twice.",
            "router.yaml:7: httq: There is no such key. Is it http?",
            "router.yaml:3: limits.depth: There is no variable DEPTH in the environment.",
            "router.yaml:4: limits.aliases: Must be a whole number, and is another text.",
            "router.yaml:5: http.hosts: There is no variable HOSTS in the environment.",
            "router.yaml:5: http.cors: There is no variable CORS in the environment.",
        ]

    def test_a_variable_that_is_not_there_harms_nothing_where_something_else_holds(self, tmp_path: Path) -> None:
        found = in_file(tmp_path, "limits: {depth: '${DEPTH}'}", {"ROUTER__LIMITS__DEPTH": "9"})
        assert found.limits.depth == 9

    def test_variables_win_over_the_file_and_options_over_both(self, tmp_path: Path) -> None:
        (tmp_path / "router.yaml").write_text("http: {batch: 1, cors: {origins: [a]}}\nlimits: {depth: 1, aliases: 1}")
        found = configured(
            *("--config", str(tmp_path / "router.yaml"), "--limit", "aliases=3"),
            environment={
                "ROUTER__HTTP__CORS__ORIGINS": "https://a.example, https://b.example",
                "ROUTER__LIMITS__DEPTH": "2",
                "ROUTER__LIMITS__ALIASES": "2",
                "ROUTER__DEMAND__RATES": '[{"name": "a", "quota": 1, "seconds": 2}]',
            },
        )
        assert found.http.cors == Cors(("https://a.example", "https://b.example"))
        assert (found.http.batch, found.limits.depth, found.limits.aliases) == (1, 2, 3)
        assert [each.name for each in found.demand.rates] == ["a"]

    def test_a_single_item_of_a_list_can_be_changed(self, tmp_path: Path) -> None:
        text = "demand: {rates: [{name: a, quota: 1, seconds: 1}, {name: b, quota: 1, seconds: 1}]}"
        found = in_file(tmp_path, text, {"ROUTER__DEMAND__RATES__1__QUOTA": "9"})
        assert [each.quota for each in found.demand.rates] == [1, 9]

    def test_a_variable_for_no_key_is_told(self) -> None:
        with pytest.raises(ConfigurationError, match=r"ROUTER__HTPP__BATCH: htpp: There is no such key. Is it http\?"):
            configured(environment={"ROUTER__HTPP__BATCH": "1"})

    def test_an_option_that_switches_something_on_keeps_what_the_file_says_of_it(self, tmp_path: Path) -> None:
        (tmp_path / "router.yaml").write_text("traffic: {all: {retries: {attempts: 9}}}")
        found = configured("--config", str(tmp_path / "router.yaml"), "--retries")
        assert found.traffic.all.retries == Retries(attempts=9)


class TestProblems:
    def test_all_of_them_are_told(self, tmp_path: Path) -> None:
        text = """http:
  batch: -1
  hsots: []
  cors: {origins: [], credentials: true}
limits: {depth: many, aliases: [1]}
traffic:
  headers:
    - insert: {name: a}
    - drop: {}
  subgraphs: [a]
demand: {operation_cost: .inf}
"""
        assert refusal(tmp_path, text) == [
            "router.yaml:4: http.hsots: There is no such key. Is it hosts?",
            "router.yaml:3: http.batch: Must not be negative.",
            "router.yaml:5: http.cors: Say whose requests may bring cookies: name the origins.",
            "router.yaml:6: limits.depth: Must be a whole number, and is another text.",
            "router.yaml:6: limits.aliases: Must be a whole number, and is a list.",
            "router.yaml:9: traffic.headers[0].insert.value: The key is missing.",
            "router.yaml:10: traffic.headers[1]: Must be one of propagate, insert, remove, rename, with its keys.",
            "router.yaml:11: traffic.subgraphs: Must be names, with keys with their values each.",
            "router.yaml:12: demand.operation_cost: Must be a number, and is another text.",
        ]

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("limits: {depth: 1}\nlimits: {depth: 2}", "router.yaml:3: limits: The key is there twice."),
            ("a: &b [1]\nc: *b", "router.yaml:2: Is no YAML: anchors are not taken."),
            ("c: *b", "router.yaml:2: Is no YAML: aliases are not taken."),
            ("c: !!python/object:os.system {}", "router.yaml:2: The tag"),
            ("c: !secret d", "router.yaml:2: The tag !secret is not taken."),
            ("? [a]\n: b", "router.yaml:2: A key is a text."),
            (f"c: {'[' * 1000}{']' * 1000}", "router.yaml:2: Is no YAML: it is nested too deeply."),
            ("c: [", "router.yaml:2: Is no YAML: "),
            ("---\nd: 1", "router.yaml:2: Is no YAML: "),
        ],
        ids=lambda value: value[:20],
    )
    def test_what_a_file_may_not_have_is_refused(self, tmp_path: Path, text: str, expected: str) -> None:
        assert refusal(tmp_path, text)[0].startswith(expected)

    @pytest.mark.parametrize(
        "content", [b"- a", b"\xff", b" " * 1_000_001, b"a"], ids=["list", "bytes", "long", "text"]
    )
    def test_what_is_no_configuration_at_all_is_refused(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "router.yaml"
        path.write_bytes(content)
        with pytest.raises(ConfigurationError):
            configured("--config", str(path))

    @pytest.mark.parametrize(
        "text",
        [
            *(f"streams: {{{name}_seconds: 0}}" for name in ("keep_alive", "write", "init")),
            "listen: {idle_seconds: 0}",
        ],
    )
    def test_no_time_at_all_is_refused_where_it_would_close_everything(self, tmp_path: Path, text: str) -> None:
        (told,) = refusal(tmp_path, text)
        assert "some time" in told

    def test_a_file_that_is_not_there_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError, match="Cannot be read"):
            configured("--config", str(tmp_path / "none.yaml"))

    def test_without_a_supergraph_there_is_nothing_to_serve(self) -> None:
        with pytest.raises(ConfigurationError, match="supergraph: The key is missing"):
            configured(supergraph=None)

    def test_secrets_are_not_told(self, tmp_path: Path) -> None:
        told = " ".join(refusal(tmp_path, "demand: {redis_url: {password: hunter2}, redis_seconds: hunter2}"))
        assert "hunter2" not in told

    def test_compression_keeps_its_own_rules(self, tmp_path: Path) -> None:
        assert refusal(tmp_path, "http: {compression: {codings: [zip]}}") == [
            "router.yaml:2: http.compression: There is no coding zip; there are zstd, br and gzip."
        ]
        assert in_file(tmp_path, "http: {compression: {codings: br}}").http.compression == Compression(("br",))


class TestSeveralWorkers:
    def test_each_needs_a_port_for_metrics(self, tmp_path: Path) -> None:
        text = "life: {{workers: 3}}\ntelemetry: {{metrics: {{port: {port}, ports: {ports}}}}}"
        (told,) = refusal(tmp_path, text.format(port=9464, ports=2))
        assert "`telemetry.metrics.ports` (2) has to be at least `life.workers` (3)" in told
        assert in_file(tmp_path, text.format(port=9464, ports=3)).life.workers == 3
        assert in_file(tmp_path, text.format(port=0, ports=1)).life.workers == 3, "any port that is free"

    def test_nobody_can_invalidate_what_each_keeps_in_its_own_memory(self, tmp_path: Path) -> None:
        text = "life: {{workers: {workers}}}\ncaching: {{invalidation_secret: 0123456789abcdef{redis}}}"
        (told,) = refusal(tmp_path, text.format(workers=2, redis=""))
        assert "needs `caching.redis_url`" in told
        assert "0123456789abcdef" not in told
        for workers, redis in ((1, ""), (2, ", redis_url: 'redis://h'")):
            assert in_file(tmp_path, text.format(workers=workers, redis=redis)).caching is not None
