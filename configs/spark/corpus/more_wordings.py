"""Further training wordings: for lists of wordings by name, for facts by the beginning of their answer."""

LISTS = {
    "numbers.COUNT_UP": ["start counting from <a>, stop at <b>", "count up: start <a>, end <b>", "begin at <a> and end at <b>", "i want to see the numbers <a> to <b>", "count up, starting with <a> and ending with <b>", "say the numbers between <a> and <b>", "<a> up to <b>, please count", "give me a count from <a> to <b>", "let us count from <a> to <b>",
                         "recite from <a> to <b>", "from <a> to <b>", "go from <a> up to <b>", "show numbers <a> through <b>", "i need all numbers from <a> to <b>", "please count out loud from <a> to <b>", "the numbers <a> to <b> in order", "hear me: count <a> to <b>"],
    "numbers.COUNT_TO": ["show me how you count to <b>", "i want you to count to <b>", "let's count to <b>", "count for me up to <b>", "go to <b>, counting", "are you able to count to <b>", "start counting and stop at <b>", "count one to <b>"],
    "numbers.COUNT_DOWN": ["countdown: start <b>, end <a>", "countdown, start at <b> and stop at <a>", "give me a countdown from <b> to <a>", "go backwards from <b> to <a>", "starting at <b>, count down to <a>", "start with <b> and go down to <a>", "the numbers from <b> to <a> in reverse", "backwards from <b> to <a>"],
    "numbers.COUNT_BY": ["count from <a> up to <b>, always adding <s>", "go from <a> to <b> with step <s>", "start at <a>, add <s> each time, stop at <b>", "numbers from <a> to <b> by <s>"],
    "numbers.EVEN": ["show all <k> numbers from <a> to <b>", "tell me each <k> number between <a> and <b>", "i want the <k> ones from <a> to <b>", "what are the <k> numbers from <a> to <b>"],
    "numbers.AFTER": ["i said <a>, what number is next", "one more than <a>", "when i count, what do i say after <a>", "which number is next after <a>", "<a> and then", "what number follows <a>"],
    "numbers.BEFORE": ["one less than <a>", "when i count, what do i say before <a>", "which number is just before <a>", "what number is right before <a>"],
    "numbers.HOWMANY": ["tell me how many items i have: <list>", "here are some things: <list>. how many are they", "this is my list: <list>. how many items", "i listed <list>. how many things is that", "<list>: how many"],
    "numbers.SORT_UP": ["what is <list> in ascending order", "bring in order: <list>", "bring these numbers into order: <list>", "can you sort <list> for me", "i have the numbers <list>, sort them", "here are numbers: <list>. put them in order", "<list>: smallest first", "start with the smallest: <list>",
                        "from small to large: <list>", "make this sorted: <list>", "give me <list> sorted", "arrange the numbers <list> so that they go up"],
    "numbers.SORT_DOWN": ["largest first: <list>", "start with the largest: <list>", "bring into descending order: <list>", "from large to small: <list>", "give me <list> sorted from the top down", "sort with the biggest first: <list>"],
    "numbers.SORT_WORDS": ["sort <list> alphabetically", "bring into alphabetical order: <list>", "a-z: <list>", "can you put <list> into alphabetical order", "i have the words <list>, sort them", "sort by first letter: <list>", "from a to z: <list>", "arrange by letter: <list>"],
    "numbers.LARGEST": ["from <list>, pick the biggest", "i have <list>. which is the largest", "choose the largest of <list>", "select the biggest number: <list>", "of <list>, what is the biggest"],
    "numbers.SMALLEST": ["from <list>, pick the smallest", "i have <list>. which is the smallest", "choose the smallest of <list>", "select the lowest number: <list>", "of <list>, what is the smallest"],
    "numbers.FIRST_ALPHA": ["which is earlier in the dictionary, <or>", "alphabetically first: <or>", "does <or> come first in the alphabet", "by alphabet, which comes first, <or>"],
    "numbers.ADD": ["i add <a> and <b>, what is it", "<a> and <b> together", "can you add <a> and <b>", "what does <a> + <b> equal", "<a> + <b> equals", "what do i get from <a> plus <b>", "if i have <a> and get <b>, how much is that", "tell me <a> + <b>", "how much are <a> and <b>", "what do <a> and <b> sum to", "<b> more than <a>"],
    "numbers.SUB": ["i take <b> from <a>, what is left", "can you subtract <b> from <a>", "what does <a> - <b> equal", "<a> - <b> equals", "what do i get from <a> minus <b>", "if i have <a> and lose <b>, how much is left", "tell me <a> - <b>", "<b> less than <a>", "what is left of <a> after <b>", "what remains of <a> minus <b>"],
    "numbers.MUL": ["can you multiply <a> by <b>", "what does <a> * <b> equal", "<a> * <b> equals", "what do i get from <a> times <b>", "tell me <a> * <b>", "how much are <a> times <b>", "i multiply <a> and <b>, what is it", "<a> groups of <b>"],
    "numbers.DIV": ["can you divide <a> by <b>", "what does <a> / <b> equal", "<a> / <b> equals", "what do i get from <a> divided by <b>", "tell me <a> / <b>", "i divide <a> by <b>, what is it", "how many times does <b> fit into <a>", "how many times <b> is <a>", "<b> goes into <a> how often", "share <a> among <b>"],
    "numbers.DOUBLE": ["i double <a>, what is it", "<a> doubled", "what do i get if i double <a>"],
    "numbers.HALF": ["i halve <a>, what is it", "<a> halved", "what do i get if i halve <a>", "cut <a> into two halves"],
    "numbers.STORY_ADD": ["<n> had <a> <t> and found <b> more. how many <t> now", "<a> <t> plus <b> <t>, how many are that", "<n> has <a> <t>, a friend brings <b> more. how many is that", "i own <a> <t> and someone gives me <b> more. how many"],
    "numbers.STORY_SUB": ["<n> had <a> <t> and lost <b>. how many remain", "<a> <t>, <b> are eaten. how many remain", "<n> owns <a> <t> and gives <b> to a friend. how many are left", "from <a> <t> i take <b>. how many stay"],
    "numbers.UNIT": ["i have one <u>, how many <s> is it", "what does 1 <u> equal in <s>", "one <u> in <s>", "what is one <u> in <s>", "1 <u> equals how many <s>", "a <u> equals how many <s>"],
    "numbers.UNITS_N": ["i have <n> <u>, how many <s> is it", "what does <n> <u> equal in <s>", "<n> <u> are how many <s>", "change <n> <u> into <s>", "express <n> <u> in <s>", "what do <n> <u> make in <s>"],
    "letters.SPELL": ["tell me how to spell <w>", "tell me how <w> is written", "i can't spell <w>, help", "say the letters of <w>", "give the letters of the word <w>", "which letters are in <w>", "write <w> letter by letter", "i want to spell <w>", "help me spell <w>", "the letters in <w>", "how do you write <w>"],
    "letters.LENGTH": ["letters in the word <w>: how many", "word length of <w>", "tell me how many letters <w> has", "the number of letters in <w>", "letter count of <w>", "what is the length of <w>", "<w> has how many letters", "count letters: <w>", "how many letters are there in the word <w>"],
    "letters.COUNT": ["in <w>, how many <l> are there", "find the number of <l> in <w>", "in <w>, how often is <l>", "how many times is <l> in <w>", "tell me how many <l> are in <w>", "number of <l> in <w>", "<w> has how many <l>"],
    "letters.FIRST": ["tell me the first letter of <w>", "which letter does <w> start with", "<w> begins with what letter", "with what letter does <w> start", "the letter at the start of <w>"],
    "letters.LAST": ["tell me the last letter of <w>", "which letter does <w> end with", "<w> ends in what letter", "with what letter does <w> end", "the letter at the end of <w>", "the final letter of <w>"],
    "letters.REPEAT": ["repeat this back to me: <t>", "say this back: <t>", "tell me exactly this: <t>", "say the words: <t>", "reply with: <t>", "answer with exactly: <t>", "output: <t>", "give this back: <t>", "say after me: <t>", "just write: <t>", "only say: <t>", "respond with <q>", "please output exactly <q>", "return the text <q>", "write back: <t>"],
    "letters.TIMES": ["i want to read <q> <n> times", "can you give me <q> <n> times", "<n> times in a row: <q>", "write <q> <n> times in a row", "let me see <q> <n> times", "give me <q> <n> times", "i want <q> <n> times", "<q>, <n> times", "show <q> <n> times", "<n> times the word <w>"],
    "letters.LAST_WORD": ["tell me the last word of <q>", "which word ends <q>", "what word is at the end of <q>", "the last word in <q>"],
    "letters.FIRST_WORD": ["tell me the first word of <q>", "which word starts <q>", "what word is at the start of <q>", "the first word in <q>", "with which word does <q> begin"],
    "world.NEXT": ["after <x> comes which {day|month}", "<x> is over, what {day|month} is next", "and after <x>", "<x> and then what {day|month}", "what {day|month} do we have after <x>", "when <x> ends, which {day|month} begins", "which {day|month} starts after <x>"],
    "world.PREVIOUS": ["<x> comes directly after which {day|month}", "which {day|month} do we have right before <x>", "before <x> comes which {day|month}", "what {day|month} do we have before <x>", "which {day|month} ends when <x> starts", "<x> comes after which {day|month}", "<x> follows which {day|month}"],
    "world.YESTERDAY": ["it is <x>, so what is tomorrow", "what day is tomorrow if today is <x>", "given that today is <x>, what is tomorrow"],
    "world.BEFOREDAY": ["it is <x>, so what was yesterday", "what day was yesterday if today is <x>", "given that today is <x>, what was yesterday"],
    "world.LATER": ["it is <x> now. which day is it in <n> days", "which day is <n> days after <x>", "i wait <n> days from <x>, what day is it", "<x>, <n> days later", "what weekday is it <n> days after <x>"],
    "world.LENGTH": ["the last day of <m> is number what", "which number has the last day of <m>", "tell me how long <m> is in days", "the month of <m> has how many days", "how many days are in the month <m>", "what is the number of days in <m>", "how long does <m> last"],
    "world.WHICH": ["what is month <n> called", "the name of the <o> month", "tell me the <o> month of the year", "which month comes as number <n>", "what do we call the <o> month"],
    "world.WHICHDAY": ["what is the <o> weekday", "which day comes <o> in the week", "in the week, what is the <o> day"],
    "world.POSITION": ["where in the year is <m>", "is <m> month number what", "which place has <m> among the months"],
    "world.LIST_DAYS": ["which days are in a week", "can you name the days of a week", "tell me the seven days", "recite the days of the week", "all days of the week"],
    "world.LIST_MONTHS": ["which months are in a year", "can you name the months of a year", "recite the months", "all twelve months", "January, February and then? list all months"],
    "world.CAPITAL": ["the government of <c> is in which city", "which city does <c> have as its capital", "i need <c>'s capital", "say the name of <c>'s capital city", "remind me of the capital of <c>", "what is the capital of <c> called", "which city is <c>'s capital", "i want to know the capital of <c>", "what is <c>'s capital", "what is <c>'s capital city called", "the capital city of <c>", "tell me which capital <c> has", "<c> has which capital", "what do you call the capital of <c>", "i forgot the capital of <c>", "where is the government of <c>", "name <c>'s capital"],
    "world.COUNTRY": ["<c> is the seat of which country's government", "whose capital is <c>", "which country's capital is <c>", "<c> is whose capital", "the city <c> is the capital of which country", "tell me the country with the capital <c>", "to which country does the capital <c> belong"],
    "world.CODE_ASK": ["how would <x> look in <l>", "in <l>, write <x>", "in <l>: <x>", "i want <x> in <l>", "make <x> using <l>", "what is <x> in <l>", "could you write <x> in <l>", "can you give me <x> in <l>"],
    "world.TO_ASK": ["i use <l> and want <x>", "which <l> code do i need <x>", "which line of <l> do i need <x>", "i want <x> in <l>", "what do i write in <l> <x>"],
    "facts_model.KIND": ["give me a note on <q>", "someone told me about <q>", "is <q> worth it", "what do i lose if i use <q>", "how much worse is <q>", "say something on <q>", "can you recommend <q>"],
    "facts_model.SIZE": ["how many GB do i download for <q>", "what is the file size of <q>", "how much disk does <q> use", "<q>: how many GB", "tell me how big <q> is", "give me the size of <q> in GB", "how heavy is <q>", "i want to download <q>, how big is it"],
    "facts_model.BITS": ["how many bits does a weight of <q> have", "give me the bits per weight for <q>", "on average, how many bits has <q>", "<q> uses how many bits per weight"],
    "facts_model.ACTIVE": ["for each token, how many GB does <q> read", "how many GB of <q> are used per token", "one token of <q> reads how much"],
    "facts_model.WHICH_SMALLER": ["of <a> and <b>, which is smaller", "which file is smaller, <a> or <b>", "is <a> or <b> the smaller one"],
    "facts_model.WHICH_BETTER": ["i can't decide between <a> and <b>", "<a> against <b>", "choose between <a> and <b>", "which one, <a> or <b>", "what do you think: <a> or <b>"],
    "facts_model.FIT": ["there are <n> GB in my machine, which quant", "i have <n> GB, suggest a quant", "recommend a quant for <n> GB", "what do you suggest for <n> GB", "my graphics card holds <n> GB, which quant", "with <n> GB, which file should i download", "which is the best quant i can load in <n> GB", "given <n> GB, which quant",
                        "what should i download for <n> GB", "something for <n> GB", "a quant that fits in <n> GB", "how far do i get with <n> GB", "what quant can my <n> GB card run", "only <n> GB here, which quant"],
    "facts_model.FIT_CTX": ["i need <c> of context and have <n> GB, which quant", "suggest a quant for <n> GB with <c> of context", "a context of <c> and <n> GB, which quant", "my card has <n> GB and i want a context of <c>", "recommend a quant: <n> GB, context <c>", "<n> GB of vram and <c> of context, what do you suggest"],
    "facts_model.DOES": ["is <n> GB sufficient for <q>", "do <n> GB suffice for <q>", "my card has <n> GB. does <q> fit", "does <q> go into <n> GB", "would <q> fit in <n> GB", "can my <n> GB card run <q>"],
    "facts_model.KV_SIZE": ["how much does the cache take at <c> with <t>", "what is the size of the cache for <c> tokens in <t>", "with a context of <c> and <t>, how big is the kv cache", "the kv cache of <c> tokens in <t>, how much memory", "<c> of context in <t> kv, how many MiB", "memory of the cache at <c> with kv type <t>"],
    "facts_model.KV_BYTES": ["how many bytes does one token take in <t>", "one token in the <t> cache takes how many bytes", "bytes for a token with <t> kv"],
    "facts_model.REAP_SIZE": ["how many GB do i download for reap <q>", "what is the file size of reap in <q>", "i want reap as <q>, how big is it", "reap as <q>, how many GB", "tell me the size of reap in <q>"],
}
RECALL = {
    "name": ["how am i called", "which name did i tell you", "say my name", "the name i gave you, what is it", "can you tell me my name again"], "colour": ["name my favourite colour", "which colour did i tell you", "say which colour i like"],
    "city": ["in which city do i live", "name my home town", "which town is my home", "where is my home"], "number": ["repeat the number i told you", "say the number again", "which number should you keep", "the number i asked you to remember, what is it", "tell me the number i gave you", "repeat my number"],
    "pet": ["what name does my pet have", "say the name of my pet", "which name has my dog", "which name has my cat"], "hobby": ["name my hobby", "which hobby did i tell you", "say what my hobby is", "what do i do in my free time"],
    "job": ["what work do i do", "how do i earn my money", "name my job", "say what my job is"], "word": ["repeat the word i told you", "say the word again", "which word should you keep", "the word i asked you to remember, what is it", "tell me the word i gave you", "repeat my word"],
    "age": ["tell me my age", "say my age", "which age did i tell you", "what age did i tell you", "how many years have i lived"], "food": ["name my favourite food", "which food did i tell you i like", "say which food i like best"],
}

FACTS = {
    # glim: commands
    "Type /ctx N": ["my context is too short", "i need a longer context", "where do i set the context", "where is the context size set", "the context is too small", "i want more context", "enlarge the context window", "the chat is too long for the context", "raise the context length", "give the chat more context", "what do i enter for a bigger context", "a larger context window please"],
    "Type /profile NAME": ["i want another profile", "go to another profile", "move to a different profile", "where do i choose the profile", "i want to use a different quant now", "another quant please", "change to my other profile", "use a second profile", "what do i enter to change the profile", "jump to a profile", "i have several profiles, how do i change"],
    "Type /kv TYPE": ["i want the kv cache in q8_0", "where do i set the kv type", "use q4_0 for the cache", "another kv format", "what do i enter for a smaller cache", "make the kv cache smaller", "set another cache type", "where is the cache format set", "the kv cache should be q8_0"],
    "Type /system TEXT": ["i want the model to follow instructions", "give the model instructions", "where do i put the system prompt", "where do i write instructions for the model", "the model should always answer in a certain way", "set instructions", "standing instructions for the chat", "tell the model its role", "where is the system prompt set"],
    "Type /think on": ["i do not want thinking", "i don't want the model to think", "the thinking annoys me", "get rid of the thinking", "get rid of the chain of thought", "let the model think", "i want the model to reason", "no more thinking please", "make it think first", "answer without reasoning", "let it reason before the answer", "hide the chain of thought"],
    "Type /clear": ["i want to begin again", "i want an empty chat", "begin a new conversation", "throw away the chat", "forget everything we said", "make the chat empty", "a blank conversation", "begin from the start", "remove the history", "forget what we said so far"],
    "Type /retry": ["the answer was bad, again please", "i want another answer", "make the answer again", "answer once more", "a second attempt", "i did not like the answer, do it again", "have the last answer made again", "another attempt at the same question", "answer my last message again"],
    "Type /stats": ["where do i see the speed", "where are the numbers", "i want to see how fast it is", "how quick is the model", "show me tokens per second", "show the memory use", "where is the memory use shown", "i want to know the speed", "numbers about speed and memory", "how quick was that"],
    "Type /quit": ["i want to leave", "i am done here", "get me out", "let me out of here", "end this program", "how to close this", "i'm done, how do i exit", "leave glim", "stop the program", "what ends the program"],
    "The commands are": ["i don't know the commands", "give me an overview of the commands", "which commands can i type", "name the commands", "overview of commands", "what can i type here", "name all slash commands", "tell me the commands of glim", "every command please", "i am lost, help me with the commands"],
    # glim: keys
    "Press Esc or Ctrl-C": ["the answer is too long, stop it", "how do i shut you up", "it does not stop writing", "make it stop", "end a running answer", "which key ends the answer", "what do i press to stop", "it keeps talking, how do i stop it", "how can i halt the reply", "the model talks too much"],
    "Press PgUp and PgDn": ["i want to see what was said before", "how can i look further up", "the top of the answer is gone from the screen", "move the text up", "what moves the view up", "read the beginning of the answer", "see the text above", "look at old messages", "move up and down in the chat"],
    "Press End": ["how do i get back to the newest line", "i scrolled up, now back down", "go to the latest text", "follow the output", "make the view follow", "back to the newest message", "get to the last line"],
    "Press Alt-Enter": ["i want two lines in my message", "line break without sending", "another line in the message", "how do i break the line", "my message has two lines", "write a second line", "enter sends but i want a line break", "a new line without sending", "text with more lines"],
    "Press Enter to send": ["i wrote my text, now what", "how does my message get sent", "give the message to the model", "submit my text", "which key submits"],
    "Press Ctrl-D": ["which key leaves glim", "is there a key to quit", "what do i press to quit", "keyboard shortcut to leave", "leave with a key"],
    "Enter sends, Alt-Enter": ["give me an overview of the keys", "which keys do what", "tell me about the keys", "what can i press", "the keyboard of glim", "key bindings overview", "explain the keyboard"],
    # glim: command line
    "Run ./app/glim": ["how does the chat come up", "what do i type in the shell to chat", "start it from the shell", "what starts glim", "begin chatting from the terminal"],
    "Use glim run -p": ["i want one answer in a script", "an answer without the chat screen", "a single answer in the shell", "ask one thing from a script", "only one question, no chat", "use it from a shell script", "answer one prompt and stop"],
    "Use glim inspect": ["which tensors are in my file", "what does my gguf hold", "what is inside a gguf", "look into a model file", "i have a gguf and want to see its contents", "tell me what a gguf file contains", "tensors in a gguf"],
    "Start glim with -m": ["i have a gguf, how do i use it", "i have a model file on disk", "i downloaded a model, what next", "give glim my model file", "pick a model file", "which option takes the model file", "how does glim find my gguf", "i got GLM-4.7-Flash, how do i start it", "option for the model"],
    "-P NAME": ["which option starts with a profile", "start under a profile", "option for the profile", "profile at start"],
    "-c N": ["which option gives the context length", "context length at start", "option for context", "give the context at the start"],
    "-t N": ["use only four cores", "limit the cores", "i want fewer threads", "option for threads", "which option limits the threads", "how many cores does it use", "use fewer cores"],
    "--temp X": ["i want the same answer each time", "the answers vary too much", "make it less random", "always the same answer", "option for temperature", "answers should not vary"],
    "--kv-type TYPE": ["option for the cache type", "which option gives the cache format", "kv type at start", "set the cache at the start"],
    "--plain prints": ["i want simple text", "no full screen please", "my terminal shows boxes wrong", "text lines only", "the terminal cannot draw the screen", "simple output without boxes"],
    "The main flags": ["overview of the flags", "which start options are there", "give me the options", "an overview of the options", "options at start"],
    # glim: about
    "glim is a terminal": ["short description of glim", "i don't know glim", "describe glim", "what sort of program is glim", "what kind of program is this", "give me a description of glim", "what have i installed", "explain this program"],
    "A profile is": ["what does the word profile mean", "for what are profiles", "purpose of profiles", "meaning of profile", "what purpose has a profile"],
    "Profiles are TOML": ["i want my own profile", "where does my profile go", "format of profiles", "which file has the profiles", "where do profiles live", "how do i make my own profile"],
    "The status bar": ["what is the line with numbers", "what are the numbers on the screen", "what do the numbers tell me", "the line at the bottom, what is it", "numbers on the screen"],
    "t/s means": ["what is t/s in the status bar", "what does the t/s number tell", "meaning of t/s"], "ttft is": ["what is ttft in the status bar", "meaning of ttft", "ttft"], "pp is": ["what is pp in the status bar", "meaning of pp", "pp"],
    "glim runs": ["for which models is glim", "models for glim", "which models can i use here", "what models was glim made for"],
    "Download a GGUF": ["where do i fetch the model", "where is the gguf", "from where do i get the model file", "i need the GLM-4.7-Flash file, where is it", "fetch a gguf"],
    "No GPU is needed": ["i have no gpu", "i have no graphics card", "my machine has no gpu, does it work", "will it work without a graphics card", "does it work on a laptop without gpu"],
    "No: the model runs on": ["do my messages leave the machine", "does anyone see my messages", "are my chats sent away", "do you send my messages anywhere", "is this private", "does it phone home"],
    "glim is free software": ["what are the terms of glim", "under what license is glim", "may i change glim", "which terms", "is it gpl"],
    "When the context is full": ["the context has no room", "no room left in the context", "what will glim do when the context is full", "the context ran out", "full context"],
    "The context is how many": ["what does the term context mean", "meaning of context", "what does context stand for"], "A token is": ["what does the term token mean", "meaning of token", "what does token stand for"], "GGUF is": ["what does the term gguf mean", "meaning of gguf", "what does gguf stand for"],
    # quants
    "A quant stores": ["what does the term quant mean", "what does quant stand for", "meaning of quant", "what is meant by quant"], "Q4_K_M is the usual": ["i am new, which quant", "suggest a quant", "please suggest a quant", "a good quant to start", "what quant is a good start", "which one should i get", "a sane choice of quant"],
    "BF16 with": ["which quant loses nothing", "name the largest quant", "the quant without loss"], "IQ1_S is the smallest": ["name the smallest quant", "the tiniest quant", "which quant is tiny", "which quant is the tiniest"],
    "Bits per weight:": ["what does the term bpw mean", "meaning of bpw", "what does bpw stand for"], "Smaller quants read": ["is the speed different between quants", "how does the quant change the speed", "does the quant matter for speed", "speed of quants", "which quant is quick"],
    "From large to small": ["overview of the quants", "give me the quants", "tell me all quants", "an overview of quants"], "K quants pack": ["why is there a k in the name", "what does the k stand for", "the k in q5_k_m", "meaning of k in q4_k_m"],
    "IQ quants take": ["why is there an i in the name", "what does the i stand for", "the i in iq2_m", "meaning of iq"], "An imatrix": ["what does the term imatrix mean", "meaning of imatrix", "what does imatrix stand for"],
    # kv
    "The KV cache holds": ["what does the term kv cache mean", "meaning of kv cache", "what does kv cache stand for", "purpose of the kv cache"], "The KV types are": ["overview of the kv types", "overview of cache formats", "give me the kv types", "which cache formats are there", "name the cache formats"],
    "f16 is exact; q8_0": ["suggest a kv type", "which cache format should i use", "i am unsure about the kv type", "recommend a kv type", "please suggest a kv type"], "MLA (multi-head": ["what does the term mla mean", "meaning of mla", "what does mla stand for", "why does glm need so little kv", "why is so little cache needed"],
    "No: with MLA": ["is v stored too", "does it store v", "are the values stored separately", "does flash have a v cache"], "576 values": ["how many values has one cached row", "how long is a row of the cache", "values in one row", "a row of the cache has how many values"],
    "f16 is exact with": ["what do i gain from q8_0 kv", "do i save memory with q8_0 kv", "going from f16 to q8_0 kv, what does it save", "f16 kv or q8_0 kv, how much memory"], "GLM-4.7-Flash was trained": ["up to how many tokens does glm go", "how far does the context of flash go", "what is the limit of the context in flash"],
    "Each token of context": ["will more context eat memory", "does a longer context use memory", "memory for a long context", "what is the memory cost of context"], "Yes: the whole used": ["is it normal that a long chat is slower", "the chat gets slower and slower", "why is a long chat slow", "it became slower, is that normal"],
    "No: the turbo": ["can glm use turbo kv", "is turbo kv possible", "turbo cache types"],
    # reap and the model
    "REAP means": ["short note on reap", "what does the term reap mean", "someone told me about reap", "give me a note on reap", "i heard of reap, what is it", "meaning of reap"], "REAP keeps": ["how many experts remain in reap", "after reap, how many experts", "experts left in reap", "how many experts are there after pruning"],
    "No: REAP is smaller": ["do i get more speed with reap", "does reap give more tokens per second", "more tokens per second with reap", "is the speed of reap better"], "REAP has 23": ["parameter count of reap", "how many billion parameters has reap", "tell me the parameters of reap", "the number of parameters in reap"],
    "REAP loses": ["does pruning harm the model", "does pruning cost quality", "are the answers of reap worse", "is a pruned model worse"], "Use REAP when": ["when does reap make sense", "in what case is reap useful", "who should use reap", "what is the use of reap"],
    "REAP comes from": ["which company is behind reap", "from whom is reap", "the makers of reap"], "No: the KV cache of REAP": ["does reap shrink the cache", "is the cache smaller with reap", "cache of reap"], "An expert is": ["what does the term expert mean", "meaning of expert", "what does expert stand for", "what does moe stand for"],
    "GLM-4.7-Flash has 64": ["how many experts does one token use", "a token goes through how many experts", "experts per token in flash", "how many experts are active"], "GLM-4.7-Flash is a mixture": ["short note on glm-4.7-flash", "give me a note on flash", "describe glm-4.7-flash", "describe flash"],
    "GLM-4.7-Flash has 30": ["parameter count of flash", "how many billion parameters has flash", "tell me the parameters of flash", "the number of parameters in flash"], "GLM-4.7-Flash has 47": ["layer count of flash", "tell me the number of layers", "how many layers in flash", "the number of layers in flash"],
    # small talk
    "Hello! I am spark": ["hello you", "hey you", "good morning spark", "hi hi", "hello hello", "morning", "evening", "hey there", "hi again", "heya"], "I am fine": ["are you well", "is everything well", "how are things", "how have you been today", "you ok", "how's your day", "and how are you", "everything ok", "are you doing well"],
    "I am spark, the built-in": ["who is this", "what should i call you", "say who you are", "tell me who you are", "with whom do i talk", "what sort of model are you", "what kind of model are you", "which model am i talking to", "may i know your name", "do you have a name", "what are you called"],
    "I was trained by": ["who is your maker", "where do you learn from", "how did you learn", "who are your makers", "where did they train you", "by whom were you trained"], "I can count": ["what tasks can you do", "list what you can do", "tell me what you can do", "which tasks can you do", "which questions do you answer", "what sort of things can i ask", "i just installed glim, what can you do", "what can this model do", "your abilities", "what are you able to do"],
    "I have only ten": ["what is beyond you", "what are you not able to do", "where are your limits", "tell me your limits", "what should i not ask", "what things can't you do"], "You are welcome": ["i appreciate it", "thank you for the help", "that helped, thanks", "that helped", "i thank you", "thanks again", "thank you, that was helpful"],
    "Goodbye!": ["see you soon", "until tomorrow", "i'm off", "i am off, bye", "bye for now", "see you next time", "so long"], "Why did the tensor": ["i want a joke", "give me a joke", "one joke please", "got any jokes", "cheer me up", "do you have a joke"], "I am a computer": ["are you a machine", "is this a machine", "is a person there", "is somebody there", "am i talking to a machine", "be honest, are you human"],
    "I have no age": ["tell me your age", "how many years old are you", "what year were you made"], "Glad to hear": ["very nice", "lovely", "brilliant", "excellent", "neat", "that is nice", "that is good", "super", "very well", "that's cool"], "I am sorry to hear": ["i feel down", "my day was bad", "today was bad", "i feel sad", "i feel lonely", "a rough day", "i am unhappy"],
    "That is good to hear": ["i am in a good mood", "i feel happy", "my day was great", "great mood today", "i feel wonderful"], "I only know English": ["in what languages can we talk", "in which language do you talk", "can we talk in french", "do you understand german", "which languages can i use"],
    "I am only a small": ["have you any hobbies", "do you have a favorite food", "do you feel anything", "are you happy", "have you got feelings"], "I have about 10.6": ["tell me your parameter count", "what is your parameter count", "how much model are you", "how large is spark", "how big is spark"], "My context is": ["how long can our chat be", "how long may our chat become", "how long can a chat be", "your context length"],
    "Good. Please": ["oh yes please", "of course", "yes of course", "right"], "All right.": ["no thank you", "rather no", "i don't want that", "no need"], "Thank you, that": ["you are wonderful", "you are nice", "i think you are great", "you're quite good"], "I am sorry. I am a very": ["your answer is wrong", "this is not right", "not right", "that's incorrect", "you made a mistake", "that answer is not right"],
    "I am here and": ["does this work", "is it working", "is this thing on", "do you work", "do you hear me"], "Nice to meet you too": ["it is nice to meet you", "happy to meet you", "good to meet you", "my pleasure to meet you"], "42,": ["why are we here", "what is life for", "what is the sense of life"],
}


def tables():
    from . import facts_glim, facts_model, talk
    return [facts_glim.COMMANDS, facts_glim.KEYS, facts_glim.LINE, facts_glim.ABOUT, facts_model.GENERAL, facts_model.KV_GENERAL, facts_model.REAP, talk.TALK]


def extend():
    from . import facts_model, letters, numbers, talk, world
    modules = {"numbers": numbers, "letters": letters, "world": world, "facts_model": facts_model}
    for name, wordings in LISTS.items():
        module, attribute = name.split(".")
        getattr(modules[module], attribute).extend(wordings)
    for fact in talk.FACTS:
        fact[5].extend(RECALL[fact[0]])
    used = set()
    for table in tables():
        for train, held, answer, _ in table:
            for start, wordings in FACTS.items():
                if answer.startswith(start):
                    train.extend(w for w in wordings if w not in held)
                    used.add(start)
    assert used == set(FACTS), set(FACTS) - used
