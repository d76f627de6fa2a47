"""Fit the weights of key phrases to development sets: scripts/fit_phrases [--write], with $TEXTPIPE_EVALUATION_DATA.

Each candidate of a document is a row of signals, and what is learnt is whether an author named it: a logistic
regression for Chinese (CSL, 1,000 abstracts) and one for English (Inspec, its 500 development abstracts). Figures
are F1 in five-fold cross-validation over documents, also with each signal left out and the rest fitted anew.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold

from textpipe.keywords.extract import keyword_settings
from textpipe.keywords.phrase_signals import SIGNALS
from textpipe.keywords.phrases import PhraseReading
from textpipe.keywords.word_stream import CHINESE_KINDS, ENGLISH_KINDS
from textpipe.metrics.keywords import judge, score_keywords
from textpipe.metrics.matching import folded

Floats = npt.NDArray[np.float64]
DATA = Path(os.environ.get("TEXTPIPE_EVALUATION_DATA", ""))
WEIGHTS = Path(__file__).parents[1] / "textpipe/resources/phrase_weights.json"
FOLDS = 5
