"""Learns from the first rows with XGBoost and ranks the others.

    python rank.py FOLDER ROWS FEATURES TRAINING SEED

FOLDER holds features.f32 (little-endian, one feature after the other; NaN is missing) and labels.u8. Prints one JSON line:
{"version", "seconds", "scores": [probability of each row after the first TRAINING]}. Settings are those that published comparisons on
fraud graphs choose from (Tang et al., "GADBench", NeurIPS 2023): 300 trees of depth 6, rate .05, four fifths of the rows a tree, half of
the features.
"""

import json
import sys
import time

import numpy
import xgboost

folder = sys.argv[1]
rows, features, training, seed = (int(argument) for argument in sys.argv[2:6])
x = numpy.ascontiguousarray(numpy.fromfile(f"{folder}/features.f32", dtype="<f4").reshape(features, rows).T)
y = numpy.fromfile(f"{folder}/labels.u8", dtype="u1")
start = time.perf_counter()
model = xgboost.train(
    {
        "objective": "binary:logistic",
        "tree_method": "hist",
        "max_depth": 6,
        "eta": 0.05,
        "subsample": 0.8,
        "colsample_bytree": 0.5,
        "seed": seed,
    },
    xgboost.DMatrix(x[:training], y[:training]),
    300,
)
scores = model.predict(xgboost.DMatrix(x[training:]))
print(
    json.dumps(
        {
            "version": xgboost.__version__,
            "seconds": time.perf_counter() - start,
            "scores": [float(score) for score in scores],
        }
    )
)
