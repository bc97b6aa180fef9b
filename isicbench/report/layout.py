"""What a user asks of a rendering: which table, which columns, in which order, how many digits, which pictures."""

from dataclasses import dataclass

from isicbench.choices import unknown
from isicbench.errors import ConfigError
from isicbench.report.data_table import Sort

TABLES = (
    *("results", "intervals", "pairs", "dice_by_dataset", "iou_by_dataset", "macro_scores", "micro_scores"),
    *("thresholds", "costs", "runs", "published"),
)
MOST_DECIMALS = 15
PICTURE_KINDS = ("png", "svg", "pdf")
PICTURE_WIDTHS = ("page", "column")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    table: str | None = None
    """The one table to render; None: the whole report."""
    columns: tuple[str, ...] | None = None
    """Of `table`, or of the comparative one; None: those that the format shows by itself."""
    sort: Sort | None = None
    """Of the same table; None: in the order in which the experiments first appear."""
    precision: int | None = None
    """Digits of scores and losses; None: as many as each column has by itself."""
    pictures: str | None = None
    """One of `PICTURE_KINDS`; None: what suits the format."""
    picture_width: str | None = None
    """One of `PICTURE_WIDTHS`, likewise."""

    with_published: bool = False
    """Whether what others have published stands beneath."""

    @property
    def arranged(self) -> str:
        """The name of the table that `columns` and `sort` are about."""
        return self.table or "results"


def read_layout(
    *,
    table: str | None,
    columns: str | None,
    sort: str | None,
    precision: int | None,
    pictures: str | None,
    picture_width: str | None,
    with_published: bool = False,
) -> Layout:
    """From the options' values; raises `ConfigError` for one that cannot be. Columns are checked by their table."""
    for option, value, choices in (
        ("--table", table, TABLES),
        ("--pictures", pictures, PICTURE_KINDS),
        ("--picture-width", picture_width, PICTURE_WIDTHS),
    ):
        if value is not None and value not in choices:
            raise unknown(option, value, choices)
    if precision is not None and not 0 <= precision <= MOST_DECIMALS:
        raise ConfigError(
            f"--precision {precision}: expected a whole number from 0 to {MOST_DECIMALS}", hint="For example: 3"
        )
    return Layout(
        table=table,
        columns=_column_names(columns),
        sort=None if sort is None else Sort(key=sort.strip().removeprefix("-"), descending=sort.strip()[:1] == "-"),
        precision=precision,
        pictures=pictures,
        picture_width=picture_width,
        with_published=with_published,
    )


def _column_names(value: str | None) -> tuple[str, ...] | None:
    """Each once, in the given order."""
    return None if value is None else tuple(dict.fromkeys(name.strip() for name in value.split(",")))
