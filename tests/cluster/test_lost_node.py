"""A job on a real cluster of two nodes, of which one is killed."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import ray
from pyarrow import parquet as pq
from ray.cluster_utils import Cluster
from small_pictures import write_pictures

from craftlite.ray import Summary, detect

pytestmark = pytest.mark.slow

STORE = 100 << 20  # bytes


@pytest.fixture
def two_nodes() -> Iterator[Cluster]:
    """A head and another node of one CPU each; a dead one is noticed within two seconds."""
    noticed = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 500}
    noticed |= {"health_check_failure_threshold": 3}
    head = {"num_cpus": 1, "object_store_memory": STORE, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head | {"_system_config": noticed})
    ray.init(address=cluster.address, log_to_driver=False)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


def test_a_killed_node_costs_no_picture(two_nodes: Cluster, tmp_path: Path) -> None:
    node = two_nodes.add_node(num_cpus=1, object_store_memory=STORE)
    files = write_pictures(tmp_path / "photos", 160)
    out = tmp_path / "out"
    summaries: list[Summary] = []

    def run() -> None:
        options = {"workers": 2, "partition": 8, "long_side": 320}
        summaries.append(detect(str(tmp_path / "photos"), str(out), **options))

    job = threading.Thread(target=run)
    job.start()
    while len(list(out.glob("part-*.parquet"))) < 5 or len(list(out.glob("_begun/*"))) < 2:
        assert job.is_alive()
        time.sleep(0.01)
    two_nodes.remove_node(node, allow_graceful=False)
    finished = len(list(out.glob("part-*.parquet")))
    job.join()
    [summary] = summaries
    table = pq.read_table(out)
    assert finished < summary.partitions == 20
    assert Counter(table["image"].to_pylist()) == Counter(files)
    assert summary.failed == 0
    assert list(out.glob("_begun/*")) == []
    assert all(len(words) == 1 for words in table["words"].to_pylist())
