"""What Prometheus and KServe are told of a server's ports and paths is true."""

import unittest

from rendered import PROJECT, RenderedTest, find, server, set_flag


def monitor(items):
    return find(items, "ServiceMonitor")["spec"]["endpoints"][0]


def annotations(items):
    return find(items, "ClusterServingRuntime")["spec"]["annotations"]


class Scrapes(RenderedTest):
    def test_a_monitor_of_another_path_is_found(self):
        self.assertEqual(PROJECT.metrics_path(), "/metrics")
        self.assert_found(
            lambda items: monitor(items).update(path="/metricz"),
            "ServiceMonitor tournant asks for /metricz, and metrics are at /metrics",
        )

    def test_a_monitor_of_the_port_of_grpc_is_found(self):
        self.assert_found(
            lambda items: monitor(items).update(port="grpc"),
            "asks port grpc, which is 8001 of Deployment tournant and not that of --http_address",
        )
        self.assert_found(
            lambda items: set_flag(server(items), "http_address", "0.0.0.0:8003"),
            "asks port http, which is 8002 of Deployment tournant and not that of --http_address",
        )

    def test_a_monitor_that_waits_longer_than_its_interval_is_found(self):
        self.assert_found(
            lambda items: monitor(items).update(scrapeTimeout="30s"), "scrapeTimeout is longer than interval"
        )

    def test_annotations_of_a_runtime_that_lead_to_no_metrics_are_found(self):
        self.assert_found(
            lambda items: annotations(items).update({"prometheus.kserve.io/port": "8081"}),
            "prometheus.kserve.io/port is 8081, and --http_address has port 8080",
            "kserve",
        )
        self.assert_found(
            lambda items: annotations(items).update({"prometheus.kserve.io/path": "/metricz"}),
            "prometheus.kserve.io/path is /metricz, and metrics are at /metrics",
            "kserve",
        )

    def test_a_port_that_kserve_takes_for_http1_is_found(self):
        self.assert_found(
            lambda items: self.runtime(items)["ports"][0].update(name="http1"),
            "its ports are named http1; KServe takes one port, and for gRPC if it is named h2c",
            "kserve",
        )
        self.assert_found(
            lambda items: self.runtime(items)["ports"].append({"name": "http", "containerPort": 8080}),
            "its ports are named h2c, http; KServe takes one port",
            "kserve",
        )


if __name__ == "__main__":
    unittest.main()
