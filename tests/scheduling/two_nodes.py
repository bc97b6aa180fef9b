"""A Ray cluster of two nodes on this machine, on loopback alone, in a process of its own.

Prints its address; a line on standard input kills the second node's processes, and the input's end all.
"""

import sys

from ray.cluster_utils import Cluster

PATIENT = {"health_check_timeout_ms": 60_000, "health_check_failure_threshold": 20}
"""A node is not lost because this machine is busy."""
NODE = {"num_cpus": 1, "node_ip_address": "127.0.0.1", "include_dashboard": False}


def main(second_home: str) -> None:
    cluster = Cluster(initialize_head=True, head_node_args={**NODE, "_system_config": PATIENT})
    second = cluster.add_node(**NODE, env_vars={"ISICBENCH_HOME": second_home})
    print(cluster.address, flush=True)
    for _ in sys.stdin:
        cluster.remove_node(second, allow_graceful=False)
        print("killed", flush=True)
    cluster.shutdown()


if __name__ == "__main__":
    main(sys.argv[1])
