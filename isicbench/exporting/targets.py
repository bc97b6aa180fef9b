"""For whom an export is."""

from enum import StrEnum


class Target(StrEnum):
    PARQUET = "parquet"
    CSV = "csv"
    MLFLOW = "mlflow"
    TENSORBOARD = "tensorboard"
    SUPPLEMENT = "supplement"

    def opened_by(self, folder: str) -> str:
        """What to type to see it."""
        commands = {
            Target.PARQUET: f"python -c \"import pandas; print(pandas.read_parquet('{folder}/results.parquet'))\"",
            Target.CSV: f"any spreadsheet: {folder}/results.csv",
            Target.MLFLOW: f"MLFLOW_ALLOW_FILE_STORE=true mlflow ui --backend-store-uri {folder}/mlruns",
            Target.TENSORBOARD: f"tensorboard --logdir {folder}",
            Target.SUPPLEMENT: f"{folder}/README.md",
        }
        return commands[self]
