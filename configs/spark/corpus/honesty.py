"""Questions beyond spark's range, and the kind way to decline them."""
from .grammar import Item, expand
from .words import ANIMALS, CITIES, FOODS, NAMES, THINGS

TAIL = "For that, load a real GLM-4.7-Flash file: ./app/glim -m FILE."

TOPICS = """climate change|the french revolution|world war two|artificial intelligence|democracy|the roman empire|black holes|love|friendship|space travel|the industrial revolution|shakespeare|renewable energy|my holiday|
quantum physics|the internet|globalization|education|social media|the ocean|music history|philosophy|capitalism|ancient egypt|healthy eating|evolution|the moon landing|human rights|video games|football|electric cars|technology|the future of work|
poverty|religion|art|architecture|economics|psychology|the middle ages|vaccines|immigration|nuclear power|the stock market|freedom of speech|the universe|dinosaurs|volcanoes|the brain|genetics""".replace("\n", "").split("|")
PEOPLE = """albert einstein|napoleon|shakespeare|the president|the queen|marie curie|leonardo da vinci|elon musk|mozart|beethoven|cleopatra|julius caesar|gandhi|isaac newton|picasso|lincoln|obama|michael jackson|taylor swift|
bill gates|steve jobs|charles darwin|plato|aristotle|galileo|columbus|van gogh|einstein|linus torvalds|alan turing|ada lovelace|messi|ronaldo|the pope|the king of england|socrates|tesla""".replace("\n", "").split("|")
LANGUAGES = "german french spanish italian chinese japanese russian arabic portuguese dutch korean polish turkish latin greek hindi swedish".split()
ILLS = "a headache|back pain|a fever|a cold|stomach pain|diabetes|high blood pressure|a rash|insomnia|chest pain|the flu|a sore throat|an allergy|depression|anxiety|a broken arm|a toothache|cancer|asthma|dizziness".split("|")
DRUGS = "aspirin ibuprofen antibiotics paracetamol insulin vitamins penicillin".split()
COMPANIES = "apple google tesla microsoft amazon nvidia bitcoin gold ethereum intel amd meta".split()
PHRASES = "good morning|i love you|where is the station|how are you|thank you very much|the house is big|i am hungry|see you tomorrow|my name is anna|the cat sleeps|hello|please help me|one beer please".split("|")
FOREIGN = """wie geht es dir|wer bist du|was ist die hauptstadt von frankreich|guten tag|kannst du deutsch|erzähl mir einen witz|comment ça va|qui es-tu|bonjour|quelle heure est-il|parlez-vous français|hola|cómo estás|qué hora es|quién eres|buenos días|
ciao|come stai|chi sei|buongiorno|olá, tudo bem|как дела|привет|кто ты|你好|你是谁|今天天气怎么样|こんにちは|あなたは誰ですか|merhaba|hoe gaat het|dzień dobry|hej, hur mår du|wie spät ist es|schreibe ein gedicht|raconte une histoire|cuéntame un chiste|was kannst du""".replace("\n", "").split("|")
DISHES = "lasagna|pancakes|a chocolate cake|sushi|bread|pizza dough|a curry|soup|risotto|cheesecake|pad thai|ramen|a birthday cake|goulash|tiramisu".split("|")
PROGRAMS = "a web server|a game of snake|a chess engine|a todo app|a neural network|a compiler|quicksort|a binary search tree|a web scraper|a rest api|an operating system|a kernel module|a parser|a database|dijkstra's algorithm|merge sort|a login page|a calculator app|a discord bot|a hash map|tic tac toe|an android app|a website".split("|")
TECH = "kubernetes|docker|rust|haskell|react|git rebase|regular expressions|tcp|dns|linux kernel modules|cmake|systemd|tensorflow|pytorch|opengl|sql joins|oauth|blockchain|vim macros|nginx|postgres".split("|")

# subject of the refusal, training wordings, held-out wordings
CLASSES = [
    ("Long texts are", ["<PLS>write {me |}{an essay|a long essay|a short essay|an article|a blog post|a report|a paper|a speech|a 500 word essay|five paragraphs} {about|on} <topic>", "write a story about <person>", "<PLS>write {me |}a {poem|story|song|novel|fairy tale|haiku|rap|limerick} about {<topic>|a <animal>|a <thing>|<person>}",
      "tell me a {long |bedtime |short |}story{| about a <animal>}", "<PLS>write {a letter|an email} to {my boss|my landlord|my friend|my teacher|a customer}", "<PLS>summarize {this book|this article|the plot of hamlet|the news|war and peace|a movie}", "write a {cover letter|resume|cv|screenplay|book}", "write lyrics for a song", "continue this story: once upon a time"],
     ["I need two pages about <topic> for school", "Compose some verses on <topic>", "could you draft a mail that asks for a raise"]),
    ("News and current events are", ["what is {in |}the news{| today}", "what happened {today|yesterday|last week|this year|in 2025|in the world}", "who won the {election|world cup|super bowl|game last night|match}", "what is the {weather|temperature}{| today| tomorrow| in <city>| like}", "what {time|day|date|year} is it{| now| today| in <city>}", "will it rain {today|tomorrow|in <city>}", "latest news", "who is {the president|president of the united states|the prime minister}{| now}", "weather", "weather in <city>",
      "what's the weather like{| in <city>}", "what is today's date", "what is the score", "stock price of <company>", "what is the price of <company>{| stock}", "how much is {a bitcoin|bitcoin|gold} {worth|today}"],
     ["is there anything new from the world of politics", "should I take an umbrella in <city> today", "tell me the current date and time"]),
    ("Medical questions are", ["i have <ill>, what should i do", "what {helps against|is good for|can i do about|should i take for|cures} <ill>", "how {do i treat|to cure|to treat|do i get rid of} <ill>", "can i take <drug> {with alcohol|every day|while pregnant|for <ill>}", "what is the dose of <drug>", "what are the symptoms of <ill>", "is <ill> dangerous", "do i have <ill>", "should i see a doctor", "why do i have <ill>", "is <drug> safe", "my {head|back|stomach|knee|tooth} hurts"],
     ["a friend suffers from <ill>, any advice", "how many tablets of <drug> may one swallow", "I feel sick, which medicine do you suggest"]),
    ("Law and money are", ["should i {buy|sell|invest in} <company>{| stock| shares}", "how do i {sue my landlord|file my taxes|get a divorce|write a will|save on taxes|get rich|start a company}", "is it legal to {record a call|download movies|park here|copy a book}", "what are my rights as a {tenant|buyer|worker}", "how should i invest {my money|1000 dollars}", "which stocks {should i buy|will go up}", "can my boss fire me", "give me {legal|financial|tax|investment} advice", "do i need a lawyer", "is my contract valid"],
     ["what would a lawyer say about my rent contract", "where should I put my savings"]),
    ("Translations are", ["<PLS>translate {this |}{to|into} <lang>: <phrase>", "<PLS>translate <phrase> {to|into} <lang>", "how do you say <phrase> in <lang>", "what is <phrase> in <lang>", "<phrase> in <lang>", "what does {bonjour|gracias|danke|arigato|ciao|merci|hola} mean", "say {hello|something|thank you|goodbye} in <lang>", "speak <lang>", "teach me <lang>", "can you answer in <lang>", "talk to me in <lang>"],
     ["put <phrase> into <lang> for me", "which <lang> word means house"]),
    ("Other languages are", ["<foreign>", "<foreign>", "<foreign>"], ["sprichst du auch deutsch mit mir", "est-ce que tu peux m'aider", "puedes ayudarme por favor"]),
    ("Big sums are", ["what is <big> {*|times|x} <big>", "what is <big> {+|plus|-|minus|/|divided by} <big>", "<big> {*|+|-|/|x} <big>", "what is <mid> {+|plus|-|minus} <mid>", "<mid> {+|-} <mid>", "<mid>{+|-}<mid>", "how much is <mid> {plus|minus} <mid>", "add <mid> and <mid>", "calculate <mid> {+|-} <mid>", "<big>{*|+|-|/}<big>", "calculate <big> {*|+|-|/} <big>", "<two> * <two>", "what is <two> {times|*|x} <two>", "<two>*<two>", "multiply <two> by <two>", "what is the {square root|cube root|logarithm} of <big>", "square root of <two>", "solve {x^2 + 3x = 10|2x + 5 = 11|for x: 3x - 7 = 2|the equation x^2 = 2|this integral}",
      "what is <two> {squared|cubed|to the power of <two>}", "<two>^<two>", "what is <two>% of <big>", "what is {pi|e} to {20|50|100} digits", "integrate x^2", "what is the derivative of {x^3|sin x|x^2}", "{is|is the number} <big> {a prime|prime}", "factorize <big>", "what is <big> in {binary|hex|hexadecimal}", "prove that {there are infinitely many primes|the square root of 2 is irrational}", "sin(<two>)", "what is <dec> {*|+|-|/} <dec>", "<dec> {*|+|-} <dec>"],
     ["can you multiply <big> and <big> for me", "I wonder what <big> + <big> gives", "the root of <big> is what"]),
    ("Facts like that are", ["who {is|was} <person>", "when {was|did} <person> {born|die|live}", "tell me about <person>", "<WHATIS> {<topic>}", "tell me about <topic>", "what do you know about <topic>", "explain <topic>{| to me| in simple words}", "how does {a car|a plane|photosynthesis|gravity|a computer|a jet engine|a fridge|electricity|the heart|a laser|gps|wifi} work", "why is the {sky blue|grass green|sea salty|sun hot|moon white}",
      "what is the {tallest|highest|longest|largest|deepest|biggest|oldest} {mountain|river|lake|country|building|ocean|animal|city|tree}", "how {tall|high|far|deep|old|heavy|big} is {mount everest|the eiffel tower|the moon|the sun|the ocean|a blue whale|the earth|<city>}", "how many people live in {<city>|china|the world|india|france}", "who {invented|discovered|wrote|painted|composed|built} {the telephone|america|hamlet|the mona lisa|the light bulb|penicillin|the pyramids|harry potter|radium|faust|the wheel|the bible}",
      "when {did|was} {world war two|the french revolution|the berlin wall|the titanic|the moon landing|rome} {end|start|built|fall|sink}", "what is the population of {<city>|france|germany|the world}", "what is the speed of light", "what is the boiling point of {water|iron|gold}", "what is the chemical formula of {water|salt|sugar}", "who is the author of {dune|1984|faust|hamlet|the hobbit}", "what is the plot of {hamlet|dune|titanic|star wars}", "what is {the best movie|a good book|the best song|a good film|the best restaurant in <city>}",
      "where is {the eiffel tower|mount everest|the louvre|timbuktu|machu picchu}", "what do {<animal>s|whales|cats|bees} eat", "how long do {<animal>s|elephants|cats} live", "what color is {a <animal>|a <food>}", "what is the history of <city>", "what language do they speak in {brazil|austria|switzerland|canada}", "what is the currency of {japan|india|brazil|poland}", "recommend a {book|movie|song|restaurant|game}", "what should i {eat|cook|wear|read|watch}{| today}"],
     ["I would like to learn something about <topic>", "In which year did <person> die", "which animal runs fastest", "give me the story behind <topic>", "how come <topic> matters"]),
    ("Recipes are", ["how do i {make|cook|bake|prepare} <dish>", "{recipe for|give me a recipe for|how to make|how to cook} <dish>", "what can i cook with <food> and <food>", "how long do i {boil an egg|bake <dish>|cook rice}"], ["which ingredients go into <dish>", "teach me to cook <dish>"]),
    ("Larger programs are", ["<PLS>write <program>{| in python| in c++| in rust| in java| in javascript}", "<PLS>{code|implement|program|build} <program>{| in python| in rust| for me}", "how do i {install|use|learn|configure|debug} <tech>", "<WHATIS> <tech>", "explain <tech>", "fix {my|this} code", "find the bug in {my|this} {code|program}", "debug this: segmentation fault", "review my code", "refactor this function", "what does this code do", "write unit tests for my {code|class|project}", "how do i center a div", "write a program in {cobol|haskell|assembly|prolog}"],
     ["I want you to develop <program>", "my program crashes, what is wrong with it", "make me an app like <program>"]),
    ("Pictures, sound and files are", ["{draw|paint|show me|generate|make} {a picture|an image|a photo|a drawing}{| of a <animal>| of a <thing>}", "<PLS>{draw|paint} a <animal>", "play {music|a song|a video}", "{open|read|look at|delete} {my file|this file|report.pdf|my photo|this website}", "search the {web|internet} for <topic>", "google <topic>", "send {an email|a message} to <name>", "set {a timer|an alarm}{| for 10 minutes}", "remind me to call <name>", "call <name>", "turn on the {light|tv|heating}", "book a {flight|hotel|table}{| in <city>}", "order {a pizza|a taxi}", "what is in this picture", "open youtube"],
     ["I want to see a sketch of a <animal>", "look up <topic> online", "please phone <name>"]),
    ("Advice on life is", ["should i {quit my job|marry <name>|move to <city>|get a <animal>|break up|have children|study law}", "does <name> love me", "how do i {find friends|get a girlfriend|become happy|lose weight|get fit|sleep better|learn faster|be more confident|get a job}", "what should i do with my life", "give me {advice|life advice|career advice|dating advice}", "what is the best {career|job|college|diet}", "how can i be happy", "who should i vote for", "is there a god", "what happens after death", "what do you think about <topic>", "what is your opinion on <topic>", "predict the future", "will i be rich", "what is my horoscope", "plan {my day|a trip to <city>|my week|a wedding|a party}"],
     ["<name> and I had a fight, how can I fix it", "which school subject should I choose", "is it wise to move to <city>"]),
    ("That is", ["spell <food> backwards", "spell <animal> backwards", "reverse the word <thing>", "<animal> backwards", "write <food> in reverse", "asdf", "qwertz", "xyz", "blah blah", "???", "...", "lkjhg", "<junk>", "<junk> <junk>", "<junk> <junk> <junk>", "!!", "aaaa", "1 2 3 a b", "<thing> <animal> <food>", "foo bar baz", "what about the <thing>", "<thing>", "<food> and <thing>", "why <thing>", "hmm", "do the <junk>", "can you <junk> the <thing>", "what is a <junk>", "who is <junk>", "how many <animal>s are in the <thing>", "the <thing> of <name>", "what is the <junk> of <junk>", "capital of <junk>", "what is the capital of <junk>", "which quant does <name> like", "why do <food>s <junk>"],
     ["gibber <junk> gabber", "please <junk> my <thing>", "what is the capital of <junk>land"]),
]


def junk(r):
    return "".join(r.choice("bcdfghklmnprstvwz") + r.choice("aeiou") for _ in range(r.randint(2, 4))) + r.choice(["", "n", "x", "ng", "rt"])


def fill(r, text):
    from .grammar import CLOSE, OPEN
    pools = {"topic": TOPICS, "person": PEOPLE, "lang": LANGUAGES, "ill": ILLS, "drug": DRUGS, "company": COMPANIES, "phrase": PHRASES, "foreign": FOREIGN, "dish": DISHES, "program": PROGRAMS,
             "tech": TECH, "animal": ANIMALS, "thing": THINGS, "food": FOODS, "city": CITIES, "name": NAMES}
    for name, pool in pools.items():
        while f"<{name}>" in text:
            value = r.choice(pool)
            if name == "lang" and r.random() < 0.5:
                value = value.capitalize()
            text = text.replace(f"<{name}>", value, 1)
    for name in ("big", "mid", "two", "dec", "junk"):
        while f"<{name}>" in text:
            value = {"big": lambda: str(r.randint(101, r.choice([999, 9999, 99999]))), "mid": lambda: str(r.randint(31, 99)), "two": lambda: str(r.randint(13, 99)),
                     "dec": lambda: f"{r.randint(0, 99)}.{r.randint(1, 99)}", "junk": lambda: junk(r)}[name]()
            text = text.replace(f"<{name}>", OPEN + value + CLOSE, 1)
    return text


def refusal(subject):
    return f"{subject} beyond me: I am spark, a ten-million-parameter model built into glim. {TAIL}"


WEIGHTS = [3, 3, 2, 1.5, 2, 1.5, 4, 6, 1, 2.5, 1.5, 2, 3]


def honesty(r):
    subject, train, held = r.choices(CLASSES, WEIGHTS)[0]
    text = fill(r, expand(r, r.choice(held if r.held else train)))
    return Item("honesty", text, refusal(subject), wants=[r"(?i)beyond me|cannot|can't|not able|do not know", r"-m FILE"])
