"""The network: embeddings of carrier, origin and destination beside the dense columns."""

import math
from typing import Final

import torch
from torch import Tensor, nn

from spec import CLOCK_COLUMNS, DENSE_COLUMNS

# Counts and amounts with long tails enter as log(1 + x).
LOG_FEATURES = ("flights_flown", "seats", "precip", "departed", "waiting", "distance", "alt")


def log_mask() -> Tensor:
    return torch.tensor([c.name in LOG_FEATURES for c in DENSE_COLUMNS])


def compress(dense: Tensor, mask: Tensor) -> Tensor:
    """log(1 + x) where the mask says so."""
    return torch.where(mask, torch.log1p(dense.clamp(min=0.0)), dense)


class FlightDelay(nn.Module):
    """Takes raw columns: standardising and the clock are inside, as bindings hold no arithmetic."""

    # Eastern standard time: close enough for the weekday in summer too, as few leave at night.
    utc_offset_hours: Final[float] = 5.0
    epoch_weekday: Final[float] = 4.0  # 1970-01-01 was a Thursday, with Sunday as 0
    limit: Final[float] = (
        6.0  # standard deviations; an outlier from a caller may not saturate the network
    )
    clocks: Final[int] = len(CLOCK_COLUMNS)

    mean: Tensor
    scale: Tensor
    log_mask: Tensor

    def __init__(self, mean: Tensor, std: Tensor, vocabulary_sizes: dict[str, int]) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("scale", 1.0 / std)
        self.register_buffer("log_mask", log_mask())
        self.carrier = nn.Embedding(vocabulary_sizes["carrier_id"], 6)
        self.origin = nn.Embedding(vocabulary_sizes["origin_id"], 3)
        self.dest = nn.Embedding(vocabulary_sizes["dest_id"], 8)
        self.weekday = nn.Embedding(7, 3)
        width = len(DENSE_COLUMNS) - self.clocks + 4 + 6 + 3 + 8 + 3
        self.layers = nn.Sequential(
            nn.Linear(width, 96), nn.ReLU(), nn.Linear(96, 48), nn.ReLU(), nn.Linear(48, 1)
        )

    def forward(
        self, dense: Tensor, carrier_id: Tensor, origin_id: Tensor, dest_id: Tensor
    ) -> Tensor:
        standard = (compress(dense, self.log_mask) - self.mean) * self.scale
        standard = standard[:, self.clocks :].clamp(-self.limit, self.limit)
        day = torch.floor((dense[:, 0] - self.utc_offset_hours) / 24.0) + self.epoch_weekday
        weekday = (day - 7.0 * torch.floor(day / 7.0)).clamp(0.0, 6.0).long()
        hour = torch.floor(dense[:, 1:2] / 100.0)  # sched_dep_time is a number such as 1545
        angle = (hour + (dense[:, 1:2] - 100.0 * hour) / 60.0) * (2.0 * math.pi / 24.0)
        clock = torch.cat(
            [angle.sin(), angle.cos(), (2.0 * angle).sin(), (2.0 * angle).cos()], dim=1
        )
        hidden = torch.cat(
            [
                standard,
                clock,
                self.weekday(weekday),
                self.carrier(carrier_id.flatten()),
                self.origin(origin_id.flatten()),
                self.dest(dest_id.flatten()),
            ],
            dim=1,
        )
        return torch.sigmoid(self.layers(hidden))
