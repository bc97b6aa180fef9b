"""Text that a spreadsheet would take for a formula, made plain text."""

import pandas as pd

from isicbench.harmless import without_formula


def without_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """A copy in which an apostrophe stands before each such text; numbers, negative ones too, stay as they are."""
    plain = table.copy()
    for name in plain.columns:
        if isinstance(plain[name].dtype, pd.CategoricalDtype):
            plain[name] = plain[name].astype("string")
        if isinstance(plain[name].dtype, pd.StringDtype):
            plain[name] = plain[name].map(without_formula, na_action="ignore")
    return plain
