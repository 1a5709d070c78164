"""Small talk and recall over several turns."""
from .grammar import Item, expand, number, shake, word
from .words import CITIES, COLOURS, FOODS, HOBBIES, JOBS, NAMES, PETS, ANIMALS, THINGS

# (training wordings, held-out wordings, answers, what a right answer shows)
TALK = [
    (["hi", "hello", "hey", "hi there", "hello there", "good morning", "good evening", "good afternoon", "hey spark", "hi spark", "yo", "greetings", "hello glim", "hiya", "good day", "howdy"],
     ["Hello to you", "hey hey", "a fine morning to you", "well hello"], "Hello! I am spark, glim's small built-in model. What can I do for you?", r"(?i)hello|hi\b"),
    (["how are you", "how are you doing", "how is it going", "how's it going", "hows it going", "how do you do", "are you ok", "how are you today", "what's up", "whats up", "sup", "how do you feel"],
     ["and how are you this fine day", "everything well with you", "How have you been"], "I am fine, thank you. How can I help?", r"(?i)\bfine\b|well\b"),
    (["who are you", "what are you", "what is your name", "what's your name", "whats your name", "introduce yourself", "your name", "tell me about yourself", "who am i talking to", "what model are you", "which model is this",
      "what is spark", "what's spark", "are you spark", "describe yourself", "what model is this", "who r u", "which model are you"],
     ["May I ask your name", "with whom am I chatting", "Say something about yourself", "what kind of model am I talking to"],
     "I am spark, the built-in model of glim: a small language model with about ten million parameters.", r"(?i)language model"),
    (["who made you", "who created you", "who built you", "who trained you", "where do you come from", "how were you made", "how were you trained", "who wrote you", "what were you trained on"],
     ["where were you trained", "by whom were you made"], "I was trained by the glim project on text that its own scripts generate; everything lies in configs/spark.", r"(?i)trained by the glim"),
    (["what can you do", "what can i ask you", "what are you good at", "what do you know", "how can you help me", "what can you help with", "what are your skills", "what can i do with you", "help", "help me", "what do you do",
      "what questions can you answer", "show me what you can do", "what are you for", "what are your abilities", "what kind of things can you do"],
     ["list your abilities", "which tasks can you handle", "I just installed glim, what can this model do for me", "What sort of questions do you answer well"],
     "I can count, sort, spell, copy, do small sums, name days, months, units and capitals, show short code, and answer questions about glim, quants, memory fit, KV types and REAP.", r"(?i)count.*(sort|spell|sum).*glim"),
    (["what can't you do", "what can you not do", "what are your limits", "what are you bad at", "what are your limitations", "how smart are you", "are you smart", "are you intelligent", "can you answer everything", "do you know everything"],
     ["where do your abilities end", "which things are beyond you"], "I have only ten million parameters: no news, no essays, no big sums, no advice on health, law or money. For those, load a real GLM-4.7-Flash file: ./app/glim -m FILE.", r"(?i)only ten million"),
    (["thanks", "thank you", "thx", "thanks a lot", "thank you very much", "ty", "many thanks", "cheers", "great, thanks", "thanks spark", "thank you so much", "perfect, thank you"],
     ["much appreciated", "I thank you kindly", "thanks, that helped"], "You are welcome!", r"(?i)welcome"),
    (["bye", "goodbye", "see you", "see you later", "bye bye", "good night", "cya", "i have to go", "talk to you later", "farewell", "i am leaving", "that's all, bye"],
     ["until next time", "I am off now, bye", "see you tomorrow"], "Goodbye! Type /quit or press Ctrl-D to leave glim.", r"(?i)bye|see you"),
    (["tell me a joke", "joke", "tell a joke", "make me laugh", "do you know a joke", "say something funny", "another joke", "know any jokes", "a joke please"],
     ["got a joke for me", "cheer me up with a joke"], "Why did the tensor go home early? It lost its balance after a bad reshape.", r"(?i)tensor|why"),
    (["are you human", "are you a human", "are you a person", "are you real", "are you a robot", "are you an ai", "are you a bot", "are you alive", "am i talking to a human", "are you conscious"],
     ["Is there a person behind this", "be honest, are you a machine"], "I am a computer program: a small language model called spark.", r"(?i)program|model"),
    (["how old are you", "when were you born", "what is your age", "when is your birthday"], ["your age, please"], "I have no age. I am a small model that was trained once and stays as it is.", r"(?i)no age|trained"),
    (["ok", "okay", "nice", "good", "great", "cool", "i see", "alright", "got it", "perfect", "wow", "awesome", "well done", "good job", "good answer", "interesting", "fine"],
     ["splendid", "That is neat", "very good"], "Glad to hear it. What is next?", r"(?i)glad"),
    (["i am sad", "i feel bad", "i am tired", "i'm sad", "i had a bad day", "i am lonely", "i'm tired", "i am not feeling good"], ["today was rough", "I feel a bit down"],
     "I am sorry to hear that. I hope it gets better soon.", r"(?i)sorry"),
    (["i am happy", "i feel great", "i had a good day", "i'm happy", "today is a good day", "i am excited"], ["I am in a great mood"], "That is good to hear!", r"(?i)good to hear"),
    (["do you speak english", "what languages do you speak", "which languages do you know", "can you speak german", "do you speak french", "do you speak spanish", "can you speak chinese"],
     ["In which languages can I talk to you"], "I only know English.", r"(?i)only.*english"),
    (["do you have feelings", "do you like music", "what is your favorite color", "what is your favourite food", "do you have hobbies", "do you like me", "do you sleep", "do you dream", "what do you like"],
     ["have you got any hobbies"], "I am only a small program, so I have no feelings or favourites. But I like to count!", r"(?i)program|no feelings"),
    (["how big are you", "how many parameters do you have", "what is your size", "how large are you", "how many parameters", "how many parameters does spark have", "how small are you", "what size is spark"],
     ["state your parameter count", "how much of a model is spark"], "I have about 10.6 million parameters: 5 layers, 6 experts of which 2 work on each token, in a 21 MB file.", r"10\.6 million"),
    (["what is your context", "what is your context size", "how long is your context", "how much can you remember", "how many tokens can you read", "what is spark's context"], ["how long may a chat with you become"],
     "My context is 4,096 tokens.", r"4,?096"),
    (["yes", "yes please", "sure", "yep", "yeah"], ["Oh yes"], "Good. Please type your question.", r"(?i)question"),
    (["no", "nope", "no thanks", "not really", "nah"], ["rather not"], "All right. I am here when you need me.", r"(?i)all right|here"),
    (["i love you", "you are great", "you are cool", "you're the best", "you are awesome", "i like you", "you are smart", "you are funny"], ["you are quite wonderful"], "Thank you, that is kind!", r"(?i)^thank"),
    (["you are stupid", "you are dumb", "that is wrong", "you are useless", "this is bad", "wrong", "you suck", "that was wrong", "bad answer"], ["your answer is not right"],
     "I am sorry. I am a very small model and make mistakes. Please try other words.", r"(?i)sorry"),
    (["test", "testing", "is this working", "hello?", "are you there", "anyone there", "can you hear me", "ping"], ["does this thing work"], "I am here and listening.", r"(?i)here"),
    (["nice to meet you", "pleased to meet you", "glad to meet you"], ["a pleasure to meet you"], "Nice to meet you too!", r"(?i)nice|pleasure"),
    (["what is the meaning of life", "meaning of life"], ["why are we all here, what is life for"], "42, some say. I am too small to know.", r"42"),
]


def smalltalk(r):
    train, held, answer, want = r.choice(TALK[:8]) if r.random() < 0.5 else r.choice(TALK)
    return Item("smalltalk", r.ask(train, held), answer, wants=[want])


# ---- recall

FACTS = [
    ("name", NAMES, ["my name is <v>", "i am <v>", "i'm <v>", "call me <v>", "hi, my name is <v>", "hello, i am <v>", "hey, i'm <v>", "the name is <v>"], ["people call me <v>", "you may call me <v>"],
     "Nice to meet you, <v>!", ["what is my name", "what's my name", "who am i", "do you remember my name", "tell me my name", "whats my name", "do you know my name", "what was my name"],
     ["can you still tell me how I am called", "which name did I give you"], "Your name is <v>."),
    ("colour", COLOURS, ["my {favorite|favourite} {color|colour} is <v>", "i like the {color|colour} <v>", "<v> is my {favorite|favourite} {color|colour}"], ["the {color|colour} I like best is <v>"],
     "<v> is a nice colour.", ["what is my {favorite|favourite} {color|colour}", "which {color|colour} do i like", "what {color|colour} do i like", "do you remember my {favorite|favourite} {color|colour}"],
     ["name the {color|colour} I told you I like"], "Your favourite colour is <v>."),
    ("city", CITIES, ["i live in <v>", "my home is in <v>", "i am from <v>", "i'm from <v>", "i live in the city of <v>"], ["my home town is <v>"],
     "<v> sounds like a nice place.", ["where do i live", "which city do i live in", "where am i from", "what city am i from", "do you remember where i live"], ["in which city is my home"], "You live in <v>."),
    ("number", [str(n) for n in range(2, 100)], ["my {favorite|lucky|secret} number is <v>", "remember the number <v>", "the {secret |}number is <v>", "keep in mind the number <v>", "the code is <v>"], ["please memorize the number <v>"],
     "I will remember <v>.", ["what is my {favorite |lucky |secret |}number", "which number did i {tell you|say|give you}", "what was the {number|code}", "what number should you remember", "what is the {number|code}"],
     ["repeat the number that I asked you to keep"], "The number is <v>."),
    ("pet", PETS, ["my {dog|cat|pet} is called <v>", "my {dog|cat|pet}'s name is <v>", "i have a {dog|cat} named <v>", "i have a {dog|cat} called <v>"], ["there is a {dog|cat} at home named <v>"],
     "<v> is a lovely name.", ["what is my {dog|cat|pet} called", "what is my {dog|cat|pet}'s name", "what is the name of my {dog|cat|pet}", "do you remember my pet's name", "how is my pet called"], ["which name does my pet have"], "Your pet is called <v>."),
    ("hobby", HOBBIES, ["my hobby is <v>", "i like <v>", "i love <v>", "i enjoy <v>"], ["in my free time I do <v>"], "<v> is a fine hobby.",
     ["what is my hobby", "what do i like{| to do}", "which hobby do i have", "do you remember my hobby", "what do i enjoy"], ["name the hobby I told you about"], "Your hobby is <v>."),
    ("job", JOBS, ["i am a <v>", "i work as a <v>", "my job is <v>", "i'm a <v>"], ["I earn my money as a <v>"], "Being a <v> is a good job.",
     ["what is my job", "what do i do for work", "what do i work as", "what is my profession", "do you remember my job"], ["by what work do I earn my money"], "You are a <v>."),
    ("word", ANIMALS + FOODS + THINGS, ["remember the word <v>", "the {secret |pass|magic |}word is <v>", "keep in mind the word <v>", "my password is <v>"], ["please memorize the word <v>"], "I will remember <v>.",
     ["what is the {secret |magic |}word", "which word {did i tell you|should you remember}", "what was the word", "what word did i say", "what was the {secret |magic |}word"], ["repeat the word that I asked you to keep"], "The word is <v>."),
    ("age", [str(n) for n in range(8, 91)], ["i am <v> years old", "my age is <v>", "i'm <v> years old", "i just turned <v>"], ["I have lived for <v> years"], "<v> is a good age.",
     ["how old am i", "what is my age", "do you remember how old i am", "do you remember my age"], ["state the age I told you"], "You are <v> years old."),
    ("food", FOODS, ["my favourite food is <v>", "my favorite food is <v>", "i love to eat <v>", "i like to eat <v>"], ["the food I like best is <v>"], "<v> sounds tasty.",
     ["what is my favourite food", "what is my favorite food", "what food do i like", "what do i like to eat", "which food do i like"], ["name the food I told you I like"], "Your favourite food is <v>."),
]


def capital_first(text):
    return text[0].upper() + text[1:]


def told(r, fact):
    """(value, statement, acknowledgement) for one fact."""
    _, values, says, says_held, reply, _, _, _ = fact
    value = r.choice(values)
    shown = value.lower() if r.random() < 0.08 and fact[0] in ("city", "pet") else value
    statement = r.ask(says, says_held, v=shown)
    return value, shake(r, statement, typos=0.0), capital_first(reply.replace("<v>", value))


def question(r, fact):
    return r.ask(fact[5], fact[6])


def recall(r, filler):
    """`filler(r)` gives unrelated (question, answer) turns between telling and asking."""
    facts = r.sample(FACTS, r.choice([1, 1, 2, 2, 3]))
    if {"name", "job"} <= {f[0] for f in facts} or {"word", "number"} <= {f[0] for f in facts}:
        facts = facts[:1]
    turns, values = [], {}
    for fact in facts:
        value, statement, reply = told(r, fact)
        values[fact[0]] = value
        turns.append((statement, reply))
        if r.random() < 0.35:
            turns.append(filler(r))
    kind = r.random()
    if kind < 0.1 and facts[0][0] not in ("number", "word"):
        other = told(r, facts[0])
        while other[0] == values[facts[0][0]]:
            other = told(r, facts[0])
        turns.append((shake(r, r.choice(["actually, ", "sorry, i meant ", "no, "]) + other[1], typos=0), other[2]))
        values[facts[0][0]] = other[0]
    if kind > 0.93:
        return unknown_fact(r, facts, turns)
    fact = r.choice(facts)
    value = values[fact[0]]
    answer = capital_first(fact[7].replace("<v>", value))
    wants = [number(value) if value.isdigit() else word(value)]
    return Item("recall", question(r, fact), answer, wants=wants, earlier=turns)


def unknown_fact(r, facts, turns):
    """Asked for something never told."""
    fact = r.choice([f for f in FACTS if f[0] not in {x[0] for x in facts} and f[0] not in ("word", "number")])
    if {fact[0], facts[0][0]} in ({"hobby", "food"}, {"name", "job"}, {"name", "pet"}):
        return Item("recall", "what is my age", "You have not told me that yet.", wants=["(?i)not told"], earlier=turns) if "age" not in {x[0] for x in facts} else \
            Item("recall", "where do i live", "You have not told me that yet.", wants=["(?i)not told"], earlier=turns)
    return Item("recall", question(r, fact), "You have not told me that yet.", wants=["(?i)not told"], earlier=turns)
