"""Labels of lines of text by a classifier in ONNX: predict-onnx.py FILE.onnx < TEXTS"""
import json, re, sys
import jieba, numpy, onnxruntime

session = onnxruntime.InferenceSession(sys.argv[1])
about = json.loads(session.get_modelmeta().custom_metadata_map["textpipe"])
WIDE = {code: code - 0xFEE0 for code in range(0xFF10, 0xFF5B) if chr(code).isalnum()} | {0x3000: 0x20}
jieba.setLogLevel("ERROR")
for word, frequency, tag in about["dictionary"]:
    jieba.add_word(word, frequency, tag)

def units(text, reads):
    if reads["one_line"]:
        text = " ".join(text.translate(WIDE).split())
    if reads["unit"] == "character":
        return re.sub(r"\s\s+", " ", text)
    words = [word.translate(WIDE) if reads["fold"] else word for word in jieba.lcut(text, HMM=about["hmm"])]
    if reads["unit"] == "word":
        return [word.lower() for word in words if not word.isspace()]
    return [word.lower() for word in words for _ in word]  # of each character the word that it lies in

def ids(texts, reads):
    rows = [[reads["ids"].get(unit, 1) for unit in units(text, reads)][: reads["longest"]] for text in texts]
    return numpy.array([row + [0] * (max(map(len, rows)) - len(row)) for row in rows], numpy.int64)

texts = [line.rstrip("\n") for line in sys.stdin]
(probabilities,) = session.run(None, {reads["name"]: ids(texts, reads) for reads in about["inputs"]})
for row in probabilities:
    print(about["labels"][row.argmax()], f"{row.max():.6f}", sep="\t")
