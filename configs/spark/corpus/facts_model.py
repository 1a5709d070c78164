"""Quants, memory fit, KV cache and REAP: numbers from the size table of GLM-4.7-Flash."""
from .grammar import Item, number

# name: GB of GLM-4.7-Flash, GB of REAP-23B, bits per weight, GB read per token
QUANTS = {
    "BF16": ("59.90", "46.00", "16.00", "7.17"), "Q8_0": ("31.83", "24.45", "8.50", "3.82"), "Q6_K": ("24.61", "18.90", "6.57", "2.98"),
    "Q5_K_M": ("21.26", "16.33", "5.68", "2.58"), "Q5_K_S": ("20.65", "15.87", "5.52", "2.53"), "Q5_0": ("20.65", "15.87", "5.52", "2.52"),
    "Q4_K_M": ("18.12", "13.92", "4.84", "2.22"), "Q4_K_S": ("17.06", "13.12", "4.56", "2.14"), "IQ4_NL": ("17.05", "13.11", "4.56", "2.13"),
    "Q4_1": ("18.80", "14.45", "5.02", "2.32"), "Q4_0": ("16.95", "13.03", "4.53", "2.12"), "MXFP4_MOE": ("16.96", "13.26", "4.53", "2.79"),
    "IQ4_XS": ("16.15", "12.43", "4.32", "2.03"), "STRIX_LEAN": ("15.98", "12.28", "4.27", "1.92"), "Q3_K_L": ("15.58", "11.99", "4.16", "2.02"),
    "Q3_K_M": ("14.37", "11.07", "3.84", "1.87"), "Q3_K_S": ("13.02", "10.03", "3.48", "1.70"), "IQ3_M": ("13.20", "10.18", "3.53", "1.77"),
    "IQ3_XXS": ("12.19", "9.39", "3.26", "1.58"), "Q2_K": ("11.03", "8.51", "2.95", "1.50"), "IQ2_M": ("9.89", "7.65", "2.64", "1.37"),
    "IQ2_XXS": ("7.96", "6.16", "2.13", "1.12"), "IQ1_M": ("6.86", "5.32", "1.83", "1.01"), "IQ1_S": ("6.19", "4.82", "1.65", "0.95"),
}
CHARACTER = {
    "BF16": "the original weights: no loss, the reference", "Q8_0": "8-bit: practically no loss, half the size of BF16", "Q6_K": "6-bit: hardly any loss", "Q5_K_M": "5-bit: very little loss",
    "Q5_K_S": "5-bit, a bit smaller than Q5_K_M: little loss", "Q5_0": "an old plain 5-bit format", "Q4_K_M": "4-bit: small loss, the usual choice", "Q4_K_S": "4-bit, a bit smaller than Q4_K_M: small loss",
    "IQ4_NL": "4-bit with a curved value table: small loss", "Q4_1": "an old plain 4-bit format with an offset", "Q4_0": "an old plain 4-bit format", "MXFP4_MOE": "4-bit floats for the experts, Q8_0 elsewhere",
    "IQ4_XS": "the smallest good 4-bit: small loss", "STRIX_LEAN": "the 4-bit ROCmFP4 format for AMD cards", "Q3_K_L": "3-bit, large mix: noticeable loss", "Q3_K_M": "3-bit: noticeable loss", "Q3_K_S": "3-bit, small mix: clear loss",
    "IQ3_M": "3-bit with codebooks: noticeable loss", "IQ3_XXS": "3-bit, very small: clear loss", "Q2_K": "2-bit: heavy loss", "IQ2_M": "2-bit with codebooks: heavy loss", "IQ2_XXS": "2-bit, very small: severe loss",
    "IQ1_M": "below 2 bits: severe loss", "IQ1_S": "the smallest: severe loss, only for trials",
}
COMMON = ["BF16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q4_K_S", "IQ4_XS", "Q3_K_M", "Q2_K"]
MODEL = "{GLM-4.7-Flash|glm-4.7-flash|flash|glm|the model|GLM-4.7|glm flash}"

KIND = ["<WHATIS> <q>", "what is {the quant |the |}<q>{| quant}", "is <q> {good|any good|ok|a good quant}", "how good is <q>", "<q>", "what does <q> mean", "<TELL> {something |}about <q>", "should i use <q>", "how much {loss|quality loss} does <q> have", "quality of <q>", "what is <q> like"]
KIND_HELD = ["Give me a short note on <q>", "What do I lose with <q>", "someone recommended <q>, what is that"]
SIZE = ["how {big|large} is <q>", "how big is {the |}<q> {of @|file|of @ in GB}", "size of <q>", "<q> size", "what {size is|is the size of} <q>", "how many {gb|GB|gigabytes} {is|has|does} <q>{| have| need| take}", "how much {memory|space|disk|vram|ram} does <q> {need|take|use|cost}", "what does <q> cost", "@ <q> size", "file size of <q>",
        "<TELL> the size of <q>", "how much does <q> take", "how big is @ in <q>"]
SIZE_HELD = ["If I download <q>, how many GB is that", "state the file size for <q>", "what would <q> weigh on my disk"]
BITS = ["how many bits {per weight |}{does <q> have|has <q>|is <q>|does <q> use}", "bits per weight of <q>", "<q> {bpw|bits|bits per weight}", "what is the bpw of <q>", "how many bits per weight is <q>", "<TELL> the bits per weight of <q>"]
BITS_HELD = ["on average each weight of <q> takes how many bits", "give the bpw figure for <q>"]
ACTIVE = ["how {much|many gb} does <q> read per token", "how many {bytes|GB} {are read|does <q> read} per token {with|in} <q>", "active {size|gb|bytes} of <q>", "<q> active gb per token", "how much is read per token with <q>"]
ACTIVE_HELD = ["for one token, how many GB of <q> are touched"]
WHICH_SMALLER = ["which is {smaller|the smaller quant}, <a> or <b>", "is <a> smaller than <b>", "<a> or <b>, which is smaller", "what is smaller, <a> or <b>", "what takes less {memory|space}, <a> or <b>"]
WHICH_SMALLER_HELD = ["between <a> and <b>, which file is the smaller one"]
WHICH_BETTER = ["which is better, <a> or <b>", "<a> or <b>", "<a> vs <b>", "what is better, <a> or <b>", "compare <a> and <b>", "difference between <a> and <b>", "should i take <a> or <b>"]
WHICH_BETTER_HELD = ["I hesitate between <a> and <b>", "help me choose: <a> against <b>"]

GENERAL = [
    (["<WHATIS> {a quant|quantization|quants|quantisation|a quantized model}", "what does quant mean", "what does quantized mean", "why quantize", "what are quants", "what is quantizing"], ["the term quant, what does it stand for"],
     "A quant stores the weights with fewer bits: a smaller and faster file, with some loss of quality.", r"(?i)fewer bits"),
    (["which quant {is best|is the best|should i use|should i take|do you recommend|is recommended|should i choose|should i download|to use}", "best quant", "what quant should i use", "recommend a quant", "what is the best quant", "which quant is the usual choice", "which quant should i start with"], ["I am new, which quant is a sane start", "Please suggest a quant to me"],
     "Q4_K_M is the usual choice: 18.12 GB, small loss. With more memory take Q6_K or Q8_0. How many GB do you have?", r"^Q4_K_M"),
    (["which quant is the {biggest|largest}", "{biggest|largest} quant", "what is the {biggest|largest} quant", "which quant has no loss", "which quant is lossless"], ["name the quant that loses nothing"], "BF16 with 59.90 GB is the largest and loses nothing.", r"^BF16"),
    (["which quant is the smallest", "smallest quant", "what is the smallest quant", "which quant needs the least memory"], ["name the tiniest quant there is"], "IQ1_S is the smallest: 6.19 GB, but with severe loss.", r"^IQ1_S"),
    (["<WHATIS> {bits per weight|bpw}", "what does {bpw|bits per weight} mean"], ["the term bpw, what does it stand for"], "Bits per weight: how many bits a quant spends on one number of the model. BF16 has 16, Q4_K_M 4.84.", r"(?i)how many bits"),
    (["which quant is {the fastest|fastest}", "fastest quant", "which quant gives the most speed", "are smaller quants faster", "is a smaller quant faster", "why are smaller quants faster"], ["does speed depend on the quant"],
     "Smaller quants read fewer bytes per token, so they are faster: Q8_0 reads 3.82 GB per token, Q4_K_M 2.22 GB.", r"(?i)fewer bytes|smaller"),
    (["list {the |all |}quants", "which quants {are there|exist|can i use|do you know}", "what quants {are there|exist}", "name {some|the|all} quants", "quants"], ["an overview of the quants, please"],
     "From large to small: BF16, Q8_0, Q6_K, Q5_K_M, Q4_K_M, IQ4_XS, Q3_K_M, Q2_K, IQ2_M, IQ1_S.", r"BF16.*Q8_0.*Q6_K.*Q4_K_M.*Q2_K"),
    (["what does the k mean in {q4_k_m|q6_k}", "what are k quants", "<WHATIS> {a k quant|k quants|k-quants}", "what does k_m mean", "what do s m and l mean", "what does the m in q4_k_m mean"], ["why is there a K in Q4_K_M"],
     "K quants pack 256 weights with nested scales; S, M and L are the small, medium and large mix.", r"(?i)256|mix"),
    (["<WHATIS> {iq quants|an iq quant|iq4|i-quants|i quants}", "what does iq mean", "what does the i in iq4_xs mean"], ["why is there an I in IQ3_M"], "IQ quants take values from small tables (codebooks), which keeps more quality at few bits.", r"(?i)table|codebook"),
    (["<WHATIS> {an imatrix|imatrix|the importance matrix}", "what does imatrix mean", "what is an importance matrix"], ["the term imatrix, what does it stand for"], "An imatrix (importance matrix) tells the quantizer which weights matter most, so that less quality is lost.", r"(?i)weights matter|importan"),
]


def typed(r, name):
    """A quant's name as people type it."""
    kind = r.random()
    return name if kind < 0.55 else name.lower() if kind < 0.9 else name.lower().replace("_", " ") if kind < 0.95 else name.replace("_", "")


def some_quant(r):
    return r.choice(COMMON) if r.random() < 0.5 else r.choice(list(QUANTS))


def with_model(wordings):
    return [w.replace("@", MODEL) for w in wordings]


def quants(r):
    kind = r.random()
    q = some_quant(r)
    flash, reap, bits, active = QUANTS[q]
    if kind < 0.24:
        return Item("quants", r.ask(KIND, KIND_HELD, q=typed(r, q)), f"{q} is {CHARACTER[q]}. {flash} GB, {bits} bits per weight.", wants=[q.replace("_", ".") + r"\b", number(flash)])
    if kind < 0.50:
        return Item("quants", r.ask(with_model(SIZE), SIZE_HELD, q=typed(r, q)), f"{q} takes {flash} GB for GLM-4.7-Flash and {reap} GB for REAP.", wants=[number(flash), number(reap)])
    if kind < 0.62:
        return Item("quants", r.ask(BITS, BITS_HELD, q=typed(r, q)), f"{q} has {bits} bits per weight.", wants=[number(bits)])
    if kind < 0.68:
        return Item("quants", r.ask(ACTIVE, ACTIVE_HELD, q=typed(r, q)), f"{q} reads {active} GB per token.", wants=[number(active)])
    if kind < 0.82:
        return pair(r)
    train, held, answer, want = r.choice(GENERAL)
    return Item("quants", r.ask(train, held), answer, wants=[want])


def pair(r):
    while True:
        a, b = some_quant(r), some_quant(r)
        if QUANTS[a][0] != QUANTS[b][0]:
            break
    big, small = (a, b) if float(QUANTS[a][0]) > float(QUANTS[b][0]) else (b, a)
    if r.random() < 0.5:
        return Item("quants", r.ask(WHICH_SMALLER, WHICH_SMALLER_HELD, a=typed(r, a), b=typed(r, b)), f"{small} is smaller: {QUANTS[small][0]} GB, {big} has {QUANTS[big][0]} GB.",
                    wants=["^" + small + r"\b.*smaller"])
    return Item("quants", r.ask(WHICH_BETTER, WHICH_BETTER_HELD, a=typed(r, a), b=typed(r, b)), f"{big} keeps more quality ({QUANTS[big][0]} GB); {small} is smaller ({QUANTS[small][0]} GB).",
                wants=["^" + big + r"\b.*" + small + r"\b"])


# ---- fit

LADDER = ["BF16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "IQ4_XS", "Q3_K_M", "Q2_K", "IQ2_M", "IQ1_S"]
FIT = ["{which|what} quant fits {in|into|on|in a|on a} <n> GB{| card| gpu| of vram| of memory}", "{which|what} quant {for|with|on} <n> GB{| of vram| of ram| card}", "{which|what} quant should i {use|take|choose} {with|for|on} <n> GB{| of memory| of vram}", "i have <n> GB{| of vram| of memory| ram| vram}, which quant{| fits| should i use| can i run}",
       "i have {a|an} <n> GB {card|gpu|graphics card}, {which|what} quant{| fits| can i use| should i take}", "what fits {in|into|on} <n> GB", "best quant for <n> GB", "<n> GB, which quant", "largest quant {for|in|that fits} <n> GB", "what can i run {with|on|in} <n> GB{| of vram| of memory}", "<n> GB vram", "my {gpu|card} has <n> GB, which quant", "quant for <n> GB",
       "my computer has <n> GB of {memory|ram}, what quant should i use", "what is the best quant for {a|an} <n> GB {card|gpu}", "which quant can i run in <n> GB", "what model fits <n> GB"]
FIT_HELD = ["There are <n> GB of VRAM in my machine. Which quant do you suggest", "recommend something that fits in <n> GB", "the graphics card here holds <n> GB, so which file do I download", "given <n> GB of memory, which is the best quant I can load"]
FIT_CTX = ["{which|what} quant fits {in|into|on} <n> GB with <c> context", "{which|what} quant for <n> GB {and|with} {a |}<c> {context|ctx}", "i have <n> GB and want <c> context, which quant", "<n> GB with <c> context", "best quant for <n> GB with <c> {context|ctx}", "what fits <n> GB with <c> tokens of context",
           "which quant can i run on <n> GB at <c> context", "<n> GB and <c> ctx, which quant"]
FIT_CTX_HELD = ["with <n> GB of VRAM and a context of <c>, which quant do you suggest", "my card holds <n> GB and I need <c> of context, recommend a quant"]
DOES = ["does <q> fit {in|into|on} <n> GB", "can i run <q> {on|with|in} <n> GB", "will <q> fit {in|into|on} <n> GB", "is <n> GB enough for <q>", "<q> on <n> GB", "can <n> GB hold <q>", "i have <n> GB, can i use <q>", "<q> in <n> GB, does it fit"]
DOES_HELD = ["would <q> go into <n> GB", "my card holds <n> GB, is that sufficient for <q>"]
CONTEXTS = {"4k": "0.2", "8k": "0.4", "16k": "0.9", "32k": "1.8", "64k": "3.5", "128k": "7.1"}


def tenths(text):
    whole, _, part = text.partition(".")
    return int(whole) * 100 + int((part + "00")[:2])


def choose(room, column):
    return next((q for q in LADDER if tenths(QUANTS[q][column]) <= room), None)


def shown_room(room):
    return str(room // 100) if room % 100 == 0 else f"{room / 100:.1f}"


def steps(room, column):
    """Walks down the ladder from two rungs above the answer."""
    best = choose(room, column)
    at = LADDER.index(best) if best else len(LADDER) - 1
    parts = []
    for q in LADDER[max(0, at - 1):at + 1]:
        parts.append(f"{q} {QUANTS[q][column]} {'yes' if tenths(QUANTS[q][column]) <= room else 'no'}.")
    return " ".join(parts)


def fit(r):
    kind = r.random()
    if kind < 0.22:
        return does_fit(r)
    if kind < 0.42:
        while True:
            n, context = r.choice([12, 16, 20, 24, 32, 48, 64, 80, 96, r.randint(10, 70)]), r.choice(list(CONTEXTS))
            if r.mine(n, tenths(CONTEXTS[context])):
                break
        kv = tenths(CONTEXTS[context])
        room = n * 100 - 100 - kv
        best = choose(room, 0)
        text = r.ask(FIT_CTX, FIT_CTX_HELD, n=n, c=r.choice([context, context, context.upper(), str(int(context[:-1]) * 1024)]))
        think = f"{n} - 1 - {CONTEXTS[context]} = {shown_room(room)}. " + steps(room, 0)
        if not best:
            return Item("fit", text, f"None: with {context} of f16 KV ({CONTEXTS[context]} GB) {n} GB is too little.", think=think, wants=["(?i)none|too little"])
        return Item("fit", text, f"{best}: {QUANTS[best][0]} GB, plus {CONTEXTS[context]} GB for {context} of f16 KV, fits in {n} GB.", think=think, wants=[r"^\W*" + best + r"\b"])
    n = r.choice([6, 8, 10, 11, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128]) if r.random() < 0.6 else r.randint(5, 130)
    room = n * 100 - 100
    best, reap = choose(room, 0), choose(room, 1)
    text = r.ask(FIT, FIT_HELD, n=n)
    think = f"{n} - 1 = {n - 1}. " + steps(room, 0) + " REAP: " + steps(room, 1)
    if not best:
        if reap:
            return Item("fit", text, f"Only REAP fits in {n} GB: {reap} with {QUANTS[reap][1]} GB.", think=think, wants=[reap + r"\b"])
        return Item("fit", text, f"None fits in {n} GB: the smallest, IQ1_S, takes {QUANTS['IQ1_S'][0]} GB, with REAP {QUANTS['IQ1_S'][1]} GB.", think=think, wants=["(?i)none"])
    return Item("fit", text, f"{best} fits in {n} GB: it takes {QUANTS[best][0]} GB. Of REAP, {reap} fits with {QUANTS[reap][1]} GB.", think=think, wants=[r"^\W*" + best + r"\b", reap + r"\b"])


def does_fit(r):
    while True:
        q, n = some_quant(r), r.choice([8, 12, 16, 20, 24, 32, 48, 64, r.randint(6, 70)])
        room = n * 100 - 100 - tenths(QUANTS[q][0])
        if abs(room) >= 30 and r.mine(n, tenths(QUANTS[q][0])):
            break
    size = QUANTS[q][0]
    text = r.ask(DOES, DOES_HELD, q=typed(r, q), n=n)
    if room > 0:
        return Item("fit", text, f"Yes, {q} takes {size} GB and fits in {n} GB.", think=f"{n} - 1 = {n - 1}. {q} {size} yes.", wants=["(?i)^yes"])
    return Item("fit", text, f"No, {q} takes {size} GB and does not fit in {n} GB.", think=f"{n} - 1 = {n - 1}. {q} {size} no.", wants=[r"(?i)^no\b"])


# ---- KV cache

KV = {  # bytes per token; size at 4K, 32K, 64K, 128K of context
    "f32": ("108,288", "423 MiB", "3,384 MiB", "6,768 MiB", "13,536 MiB"), "f16": ("54,144", "212 MiB", "1,692 MiB", "3,384 MiB", "6,768 MiB"), "bf16": ("54,144", "212 MiB", "1,692 MiB", "3,384 MiB", "6,768 MiB"),
    "q8_0": ("28,764", "112 MiB", "899 MiB", "1,798 MiB", "3,596 MiB"), "q5_1": ("20,304", "79 MiB", "635 MiB", "1,269 MiB", "2,538 MiB"), "q5_0": ("18,612", "73 MiB", "582 MiB", "1,163 MiB", "2,327 MiB"),
    "q4_0": ("15,228", "60 MiB", "476 MiB", "952 MiB", "1,904 MiB"), "iq4_nl": ("15,228", "60 MiB", "476 MiB", "952 MiB", "1,904 MiB"),
}
KV_CONTEXTS = ["4k", "32k", "64k", "128k"]
KV_SIZE = ["how {big|large} is the <t> kv cache at <c>{| context| tokens}", "how {big|large} is the kv cache at <c>{| context| tokens} {in|with} <t>", "how much {memory|space|vram} does <t> kv {need|take|use} at <c>{| context}", "<t> kv {cache |}{size |}at <c>{| context}",
           "kv cache {size |}at <c> {in|with} <t>", "how much {memory|vram} does {the |}kv cache {need|take} at <c> {with|in} <t>", "size of {the |}<t> kv cache at <c>", "kv memory at <c> {with|in} <t>"]
KV_SIZE_PLAIN = ["how {big|large} is the kv cache at <c>", "kv cache size at <c>", "how much memory does the kv cache need at <c>", "kv memory at <c>", "how much memory does <c> of context need"]
KV_SIZE_HELD = ["if the context is <c> and the KV type <t>, how much memory does the cache occupy", "state the cache size for <c> tokens in <t>"]
KV_BYTES = ["how many bytes {per token |}{does <t> kv {need|take|use}|is <t> kv}{| per token}", "bytes per token {of|with|for} <t> kv", "<t> kv bytes per token", "how big is one token in <t> kv"]
KV_BYTES_HELD = ["one cached token in <t> occupies how many bytes"]
KV_GENERAL = [
    (["<WHATIS> {the |a |}kv cache", "what is kv", "what does kv mean", "what is the kv cache for", "why is there a kv cache", "what is kv memory"], ["the term KV cache, what does it stand for"], "The KV cache holds what the model has read so far, so that it need not read it again for each token.", r"(?i)has read so far"),
    (["which kv types {are there|exist|can i use|does glim have}", "what kv types {are there|exist|can i use}", "list {the |all |}kv types", "kv types", "what kv formats are there", "which kv cache types are supported"], ["an overview of the cache formats, please"], "The KV types are f32, f16, bf16, q8_0, q5_1, q5_0, q4_0 and iq4_nl.", r"f16.*q8_0.*q4_0"),
    (["which kv type {is best|should i use|do you recommend|to use|is the best}", "best kv type", "is q8_0 kv {good|ok|safe}", "what kv type should i use", "which kv cache type should i take"], ["Please suggest a cache format to me", "I am unsure which KV type to set"], "f16 is exact; q8_0 takes about half and loses almost nothing; q4_0 is smaller but loses more.", r"f16.*q8_0"),
    (["<WHATIS> mla", "what does mla mean", "what is multi-head latent attention", "why is the kv cache so small", "how does mla work", "why is the cache of glm so small"], ["the term MLA, what does it stand for", "why does GLM-4.7-Flash need so little cache"], "MLA (multi-head latent attention) caches one row of 576 values per token and layer, shared by all heads.", r"576"),
    (["is there a v cache", "where is the v cache", "how big is the v cache", "does glm have a v cache", "can i set the v type", "what is the v cache type"], ["does GLM-4.7-Flash store V separately"], "No: with MLA the values are part of the same row, so there is no V cache.", r"(?i)no V cache"),
    (["how many values {are cached |}per token{| and layer}", "how many {numbers|values} per token and layer", "what is stored {in the kv cache |}per token", "what is in one row of the kv cache"], ["one cached row has how many values"], "576 values per token and layer: 512 latent and 64 for the position. GLM-4.7-Flash has 47 layers.", r"576"),
    (["is f16 kv better than q8_0", "f16 or q8_0 kv", "f16 vs q8_0 kv", "what is better for kv, f16 or q8_0", "difference between f16 and q8_0 kv", "how much does q8_0 kv save", "how much memory does q8_0 kv save"], ["do I gain memory by going from f16 KV to q8_0"], "f16 is exact with 54,144 bytes per token; q8_0 takes 28,764, about half, and loses almost nothing.", r"28,764"),
    (["what is the {longest|maximum|max|largest} context{| of glm-4.7-flash| of the model}", "how long is the context of glm-4.7-flash", "maximum context", "max context of glm", "how many tokens can glm-4.7-flash read"], ["up to how many tokens can GLM-4.7-Flash go"], "GLM-4.7-Flash was trained for 202,752 tokens of context.", r"202,?752"),
    (["why does {a |}{long|longer|big|bigger} context {need|use|take} more memory", "does {more|a longer|a bigger} context need more memory", "does context cost memory", "what does context cost", "how much does context cost"], ["will a longer context eat my memory"], "Each token of context costs 54,144 bytes in f16 or 28,764 in q8_0; 32k of f16 is 1,692 MiB.", r"54,144"),
    (["does {a long|long|a bigger|more} context make {it|the model|glim} slower", "is a long context slower", "why does it get slower", "why is it slower with a long chat", "why does the speed drop in a long chat"], ["the longer the chat, the slower: is that normal"], "Yes: the whole used KV cache is read for every token, so a long context is slower.", r"(?i)^yes"),
    (["can i use turbo3 kv", "what is turbo4 kv", "does turbo kv work", "turbo3 or turbo4", "can i use turbo kv types"], ["is the turbo cache possible with GLM"], "No: the turbo KV types need heads of 128 or 256 values; GLM-4.7-Flash has rows of 576.", r"(?i)^no\b"),
]


def kv(r):
    kind = r.random()
    name = r.choice(["f16", "f16", "q8_0", "q8_0", "q4_0"]) if r.random() < 0.6 else r.choice(list(KV))
    shown = name if r.random() < 0.7 else name.upper()
    if kind < 0.38:
        at = r.randrange(4)
        context = KV_CONTEXTS[at]
        typed_context = r.choice([context, context, context.upper(), {"4k": "4096", "32k": "32768", "64k": "65536", "128k": "131072"}[context]])
        if not r.held and r.random() < 0.15:      # no type named: f16, the default
            text, name = r.ask(KV_SIZE_PLAIN, KV_SIZE_PLAIN, c=typed_context), "f16"
        else:
            text = r.ask(KV_SIZE, KV_SIZE_HELD, t=shown, c=typed_context)
        size = KV[name][at + 1]
        return Item("kv", text, f"At {context} the {name} KV cache takes {size}.", wants=[number(size.split()[0])])
    if kind < 0.52:
        return Item("kv", r.ask(KV_BYTES, KV_BYTES_HELD, t=shown), f"{name} KV takes {KV[name][0]} bytes per token.", wants=[number(KV[name][0])])
    train, held, answer, want = r.choice(KV_GENERAL)
    return Item("kv", r.ask(train, held), answer, wants=[want])


# ---- REAP and the model itself

REAP = [
    (["<WHATIS> reap", "what does reap mean", "what is the reap {model|variant|version}", "what does reap stand for", "what is reap-23b", "what is a reap model", "reap"], ["Give me a short note on REAP", "someone mentioned REAP, what is that"],
     "REAP means router-weighted expert activation pruning: it removes the experts that matter least, 16 of 64 in GLM-4.7-Flash.", r"(?i)prun|remov"),
    (["how many experts {does reap have|has reap|are in reap|are left in reap|does reap keep|remain in reap}", "reap experts", "number of experts in reap", "how many experts does reap remove", "how much does reap prune"], ["after REAP, how many experts remain"],
     "REAP keeps 48 of 64 experts: a quarter is removed.", r"48 of 64"),
    (["is reap {faster|quicker}", "is reap faster than {flash|the original|the full model}", "does reap {run faster|speed things up|make it faster}", "is reap slower", "how fast is reap", "reap speed"], ["do I get more tokens per second from REAP"],
     "No: REAP is smaller, not faster. It reads the same 4 experts per token.", r"(?i)not faster|same"),
    (["how big is reap", "how many parameters {does reap have|has reap}", "reap size", "how large is reap", "parameters of reap", "size of reap", "how much smaller is reap", "how much memory does reap save"], ["state the parameter count of REAP"],
     "REAP has 23 billion parameters, GLM-4.7-Flash 30 billion: about 23 percent less memory.", r"23 billion"),
    (["is reap {good|any good|worse|as good}", "does reap lose quality", "what is the {price|cost|downside} of reap", "is reap worse than {flash|the full model|the original}", "quality of reap", "what do i lose with reap"], ["does pruning experts harm the answers"],
     "REAP loses some quality, most on rare subjects; compare it with the full model on your own questions.", r"(?i)loses? some|quality"),
    (["when should i use reap", "why {should i |}use reap", "should i use reap", "what is reap good for", "who needs reap", "reap or flash", "reap vs flash", "reap or a smaller quant", "flash or reap"], ["in which case does REAP make sense"],
     "Use REAP when the full model does not fit: for example, on 16 GB it allows Q4_K_M with 13.92 GB in place of Q3_K_M.", r"(?i)not fit|memory"),
    (["who made reap", "who created reap", "where does reap come from", "which company made reap", "who published reap"], ["from which company is REAP"], "REAP comes from Cerebras, who pruned GLM-4.7-Flash.", r"Cerebras"),
    (["does reap need {less|smaller} kv{| cache}", "is the kv cache of reap smaller", "reap kv cache", "how big is the kv cache of reap", "does reap change the kv cache"], ["will the cache shrink with REAP"], "No: the KV cache of REAP has the same size; only experts were removed.", r"(?i)same"),
    (["<WHATIS> {an expert|experts|a mixture of experts|moe|mixture of experts}", "what does moe mean", "what is an expert in a model"], ["the term expert, what does it stand for"], "An expert is a small network inside a layer; a router picks a few of them for each token.", r"(?i)router|picks"),
    (["how many experts {does glm-4.7-flash have|has glm-4.7-flash|does flash have|has flash|are there|does glm have}", "experts in glm-4.7-flash", "number of experts", "how many experts are used per token", "how many experts work on a token"], ["one token goes through how many experts in Flash"],
     "GLM-4.7-Flash has 64 experts per layer and uses 4 of them for each token, plus one shared expert.", r"64 experts"),
    (["<WHATIS> glm-4.7-flash", "what is glm 4.7 flash", "what is glm", "tell me about glm-4.7-flash", "what is flash", "what kind of model is glm-4.7-flash"], ["Give me a short note on GLM-4.7-Flash"],
     "GLM-4.7-Flash is a mixture-of-experts model by Z.ai: 30 billion parameters, about 3 billion active per token, 47 layers.", r"30 billion"),
    (["how many parameters {does glm-4.7-flash have|has glm-4.7-flash|does flash have|has flash}", "parameters of glm-4.7-flash", "how big is glm-4.7-flash", "how large is flash", "size of glm-4.7-flash", "what does 30b-a3b mean", "what does a3b mean"], ["state the parameter count of Flash"],
     "GLM-4.7-Flash has 30 billion parameters, of which about 3 billion work on each token.", r"30 billion"),
    (["how many layers {does glm-4.7-flash have|has glm-4.7-flash|does flash have|has flash|does glm have}", "layers of glm-4.7-flash", "number of layers", "how many layers are there"], ["state the layer count of Flash"], "GLM-4.7-Flash has 47 layers; the first is dense, the others have experts.", r"47 layers"),
]
REAP_SIZE = ["how {big|large} is {the |}reap {in |as |}<q>", "reap <q> size", "size of reap <q>", "how {many gb|much memory} {does|is} reap <q>{| need| take}", "how big is <q> of reap", "reap <q>", "how many GB {has|is} <q> of reap", "<q> reap size", "how big is reap in <q>"]
REAP_SIZE_HELD = ["If I download REAP as <q>, how many GB is that", "state the file size of REAP in <q>"]


def reap(r):
    if r.random() < 0.3:
        q = some_quant(r)
        flash, small, _, _ = QUANTS[q]
        return Item("reap", r.ask(REAP_SIZE, REAP_SIZE_HELD, q=typed(r, q)), f"REAP in {q} takes {small} GB (GLM-4.7-Flash: {flash} GB).", wants=[number(small)])
    train, held, answer, want = r.choice(REAP)
    return Item("reap", r.ask(train, held), answer, wants=[want])
