"""A pipeline of real programs with scikit-learn: data, a check of their schema, a training, a measurement.

Each is run with `python3 -c` on the demo's image, beside the demo's volume."""

FOLDER = "/data/pipeline"

INGEST = f"""
import csv, os, pathlib
from sklearn.datasets import load_breast_cancer
data = load_breast_cancer()
folder = pathlib.Path("{FOLDER}")
folder.mkdir(parents=True, exist_ok=True)
starts = folder / "ingested"
starts.write_text((starts.read_text() if starts.exists() else "") + os.environ["SLIPWAY_STEP"] + "\\n")
with (folder / "data.csv").open("w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow([*(str(name) for name in data.feature_names), "label"])
    writer.writerows([*row, label] for row, label in zip(data.data.tolist(), data.target.tolist()))
print(len(data.data), "rows for", os.environ["SLIPWAY_JOB"])
"""

VALIDATE = f"""
import csv, sys
WANTED = {{"mean radius": float, "worst area": float, "label": int, **EXTRA}}
with open("{FOLDER}/data.csv", newline="") as file:
    rows = csv.DictReader(file)
    missing = sorted(WANTED.keys() - set(rows.fieldnames))
    if missing:
        sys.exit(f"column {{missing[0]}} is missing")
    for number, row in enumerate(rows, 2):
        for column, kind in WANTED.items():
            try:
                kind(row[column])
            except ValueError:
                sys.exit(f"line {{number}}: {{column}} is no {{kind.__name__}}")
print("as it should be")
"""

READ = f"""
import json, os, joblib, numpy
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
table = numpy.loadtxt("{FOLDER}/data.csv", delimiter=",", skiprows=1)
train, test = train_test_split(table, test_size=0.3, random_state=7, stratify=table[:, -1])
"""

TRAIN = READ + f"""
forest = RandomForestClassifier(n_estimators=20, random_state=7).fit(train[:, :-1], train[:, -1])
joblib.dump(forest, "{FOLDER}/model.joblib")
size = os.path.getsize("{FOLDER}/model.joblib")
with open(os.environ["SLIPWAY_RESULT_FILE"], "w") as file:
    json.dump({{"artifact": {{"sizeBytes": size}}}}, file)
"""

EVALUATE = READ + f"""
forest = joblib.load("{FOLDER}/model.joblib")
auc = roc_auc_score(test[:, -1], forest.predict_proba(test[:, :-1])[:, 1])
with open(os.environ["SLIPWAY_RESULT_FILE"], "w") as file:
    json.dump({{"metrics": {{"auc": round(auc, 4)}}}}, file)
"""


def python(script: str) -> dict:
    return {"command": ["python3", "-c", script]}


def steps(extra_columns: str = "{}") -> dict:
    """The fields of a TrainingJob's spec; `extra_columns` are wanted by the schema as well."""
    return {
        "prepare": [{"name": "ingest", **python(INGEST)},
                    {"name": "validate", **python(f"EXTRA = {extra_columns}" + VALIDATE)}],
        "evaluation": {"metricsFrom": {"step": python(EVALUATE)},
                       "metrics": [{"name": "auc", "goal": "Maximize", "threshold": "0.95"}]},
        "output": {"modelName": "pipeline", "uri": "pvc://data/pipeline/model.joblib", "format": "joblib"}}
