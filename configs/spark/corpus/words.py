"""Word lists: everyday words, names, countries."""

ANIMALS = """cat dog horse cow pig sheep goat lion tiger bear wolf fox rabbit mouse rat elephant monkey zebra giraffe camel
frog snake turtle fish shark whale dolphin eagle owl duck goose chicken turkey swan ant bee spider butterfly panda koala
kangaroo penguin otter beaver deer donkey parrot""".split()
FOODS = """apple banana cherry grape lemon orange peach pear plum mango melon bread butter cheese milk egg rice pasta pizza soup
salad potato tomato carrot onion pepper garlic honey sugar salt tea coffee water juice cake cookie chocolate pancake noodle
sandwich yogurt strawberry blueberry raspberry cucumber pumpkin spinach mushroom""".split()
THINGS = """table chair lamp window door house garden kitchen bottle cup plate spoon fork knife book paper pencil pen letter
picture mirror clock watch phone computer keyboard screen cable battery engine wheel car bus train plane boat bicycle bridge
street city village river lake ocean mountain forest island beach desert cloud rain snow storm wind sun moon star planet
rocket robot music guitar piano drum violin song dance movie story poem school teacher student doctor nurse farmer driver
baker painter king queen castle tower church market bank hotel museum library station airport ticket money coin wallet key
box bag basket blanket pillow shirt jacket shoe sock hat glove scarf button needle thread rope ladder hammer nail screw
brush soap towel candle fire smoke stone sand glass metal wood iron silver gold cotton leather plastic rubber""".split()
IDEAS = """hello world happy quiet simple bright gentle strong quick slow early late morning evening night summer winter spring
autumn green yellow purple brown black white circle square triangle number question answer language friend family brother
sister mother father child people country history science nature weather energy light sound color shape memory token model
tensor vector matrix kernel thread expert router layer cache prompt context quant profile terminal command program engine
because through thought enough laugh rhythm necessary beautiful different important together tomorrow yesterday knowledge
freedom journey courage wonder mystery balance pattern signal method system record moment silence welcome little better
letter pepper coffee balloon address mississippi committee success accident giggle bubble puzzle dinner summer rabbit""".split()
WORDS = sorted(set(ANIMALS + FOODS + THINGS + IDEAS))
# Spelling and alphabetical order are learnt word by word, so few words learnt well.
EVERYDAY = sorted(set(ANIMALS[:24] + FOODS[:24] + "table chair house window door garden book paper phone computer keyboard screen car train city river moon sun star music school teacher".split()
                      + "hello world happy friend green summer winter strawberry model token glim spark".split()))

COLOURS = "red blue green yellow purple orange pink black white brown grey silver gold turquoise violet".split()
NAMES = """Anna Ben Carla David Emma Frank Grace Henry Ida Jack Karen Leo Maria Nina Oscar Paul Rosa Sam Tina Victor Wendy Alice Bob
Clara Daniel Elena Felix Hannah Ivan Julia Kevin Laura Marco Nora Olivia Peter Quinn Rachel Simon Thomas Uma Vera Will Yara
Zoe Adam Bella Chris Diana Eric Fatima George Hugo Irene James Lucy Max Noah Sofia Tom Omar Priya Kenji Mei Lars Ingrid""".split()
CITIES = """London Paris Berlin Madrid Rome Vienna Oslo Dublin Lisbon Athens Warsaw Prague Tokyo Boston Chicago Seattle Denver Dallas
Toronto Sydney Mumbai Cairo Lima Zurich Geneva Hamburg Munich Milan Naples Porto Bergen Leeds Bristol""".split()
PETS = "Rex Luna Milo Bella Coco Max Daisy Rocky Felix Nala Simba Oreo Pepper Shadow Ginger Biscuit Tiger Ruby Toby Lucky".split()
HOBBIES = "chess tennis football swimming reading painting cooking hiking fishing dancing gardening cycling running singing knitting sailing".split()
JOBS = "teacher nurse doctor farmer baker driver painter student engineer lawyer plumber pilot gardener librarian carpenter chef".split()

CAPITALS = {
    "France": "Paris", "Germany": "Berlin", "Spain": "Madrid", "Italy": "Rome", "Portugal": "Lisbon", "Austria": "Vienna",
    "Switzerland": "Bern", "Belgium": "Brussels", "the Netherlands": "Amsterdam", "Denmark": "Copenhagen", "Norway": "Oslo",
    "Sweden": "Stockholm", "Finland": "Helsinki", "Iceland": "Reykjavik", "Ireland": "Dublin", "the United Kingdom": "London",
    "England": "London", "Scotland": "Edinburgh", "Wales": "Cardiff", "Poland": "Warsaw", "Czechia": "Prague",
    "Hungary": "Budapest", "Romania": "Bucharest", "Bulgaria": "Sofia", "Greece": "Athens",
    "Turkey": "Ankara", "Russia": "Moscow", "Ukraine": "Kyiv",     "Croatia": "Zagreb",     "Japan": "Tokyo", "China": "Beijing",
    "South Korea": "Seoul", "North Korea": "Pyongyang", "India": "New Delhi", "Pakistan": "Islamabad",     "Thailand": "Bangkok", "Vietnam": "Hanoi", "Indonesia": "Jakarta",     "the Philippines": "Manila", "Iran": "Tehran", "Saudi Arabia": "Riyadh",
    "Egypt": "Cairo", "Morocco": "Rabat",     "Kenya": "Nairobi", "Nigeria": "Abuja",     "South Africa": "Pretoria", "the United States": "Washington, D.C.",
    "Canada": "Ottawa", "Mexico": "Mexico City", "Cuba": "Havana", "Brazil": "Brasilia", "Argentina": "Buenos Aires",
    "Chile": "Santiago", "Peru": "Lima", "Colombia": "Bogota", "Venezuela": "Caracas",     "Australia": "Canberra", "New Zealand": "Wellington",
}

DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
MONTH_DAYS = dict(zip(MONTHS, [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]))
ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()
NUMBER_WORDS = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen twenty""".split()

SYLLABLES = """ba be bi bo bu ca ce co cu da de di do du fa fe fi fo ga ge go gu ha he hi ho ja jo ka ke ki ko la le li lo lu ma me mi
mo mu na ne ni no nu pa pe pi po ra re ri ro ru sa se si so su ta te ti to tu va ve vi vo wa we wi xa ya yo za ze zi zo zu
bra cre dri flo gra pla stra tri sho cha the qui ing er ent ion al est ment ness ful less tion ight ough ash ock and""".split()
