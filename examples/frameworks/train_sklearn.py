"""scikit-learn: a random forest on the iris data, which ship with the package."""

import json
import os

from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split

features, species = load_iris(return_X_y=True)
rows, held_out, labels, held_out_labels = train_test_split(
    features, species, test_size=0.3, random_state=7, stratify=species)

forest = RandomForestClassifier(n_estimators=100, random_state=7).fit(rows, labels)
accuracy = accuracy_score(held_out_labels, forest.predict(held_out))
print(f"accuracy {accuracy:.3f} on {len(held_out)} rows that were held out")

# Only a job with `evaluation` or `output` has this file.
with open(os.environ.get("SLIPWAY_RESULT_FILE", os.devnull), "w") as file:
    json.dump({"metrics": {"accuracy": accuracy}}, file)
