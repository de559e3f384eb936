"""Reading metrics as Prometheus does."""

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

Samples = dict[tuple[str, ...], float]
"""Values by the name of a sample and the values of its labels, in the order of the labels' names."""


def samples(text: str) -> Samples:
    """Everything but the bounds of histograms and what the libraries count of themselves."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("router_") and not sample.name.endswith("_bucket")
    }


def scraped(registry: CollectorRegistry) -> Samples:
    """The same of a registry."""
    return samples(generate_latest(registry).decode())
