"""Times LightGBM and XGBoost (histogram method) on one thread on the same rows as ours, and says how well they rank held-out rows.

    python trees.py FOLDER ROWS FEATURES TRAINING TREES DEPTH BINS RATE

FOLDER holds features.f32 (little-endian, one feature after the other) and labels.u8. The first TRAINING rows are learned from, the
others ranked. Prints one JSON line a library: {"library", "version", "seconds", "auroc", "ap"}. Building the library's own binned
table is counted, as it is for ours.
"""

import json
import sys
import time

import lightgbm
import numpy
import xgboost
from sklearn.metrics import average_precision_score, roc_auc_score

folder = sys.argv[1]
rows, features, training, trees, depth, bins = (int(argument) for argument in sys.argv[2:8])
rate = float(sys.argv[8])
x = numpy.ascontiguousarray(numpy.fromfile(f"{folder}/features.f32", dtype="<f4").reshape(features, rows).T)
y = numpy.fromfile(f"{folder}/labels.u8", dtype="u1")


def report(library, version, train, predict):
    start = time.perf_counter()
    model = train()
    seconds = time.perf_counter() - start
    scores = predict(model)
    print(
        json.dumps(
            {
                "library": library,
                "version": version,
                "seconds": seconds,
                "auroc": roc_auc_score(y[training:], scores),
                "ap": average_precision_score(y[training:], scores),
            }
        ),
        flush=True,
    )


report(
    "LightGBM",
    lightgbm.__version__,
    lambda: lightgbm.train(
        {
            "objective": "binary",
            "num_threads": 1,
            "max_depth": depth,
            "num_leaves": 2**depth,
            "learning_rate": rate,
            "max_bin": bins,
            "min_data_in_leaf": 20,
            "verbosity": -1,
            "seed": 1,
        },
        lightgbm.Dataset(x[:training], y[:training]),
        trees,
    ),
    lambda model: model.predict(x[training:]),
)
report(
    "XGBoost",
    xgboost.__version__,
    lambda: xgboost.train(
        {
            "objective": "binary:logistic",
            "tree_method": "hist",
            "nthread": 1,
            "max_depth": depth,
            "eta": rate,
            "max_bin": bins,
            "seed": 1,
        },
        xgboost.DMatrix(x[:training], y[:training], nthread=1),
        trees,
    ),
    lambda model: model.predict(xgboost.DMatrix(x[training:], nthread=1)),
)
