"""Words and spellings that finding names needs."""

# Capitalised without being names.
COMMON = frozenset([
    "a", "an", "the", "and", "or", "but", "if", "in", "on", "at", "by", "of", "for", "to", "from", "with",
    "without", "after", "before", "under", "over", "during", "since", "until", "while", "as", "that",
    "this", "these", "those", "it", "its", "he", "she", "they", "we", "i", "you", "his", "her", "their",
    "our", "another", "other", "some", "any", "all", "both", "each", "no", "not", "more", "most", "many",
    "much", "several", "few", "according", "however", "although", "though", "because", "also", "then",
    "when", "where", "who", "what", "which", "why", "how", "there", "here", "one", "two", "three", "four",
    "five", "six", "seven", "eight", "nine", "ten", "is", "are", "was", "were", "be", "been", "being",
    "has", "have", "had", "do", "does", "did", "will", "would", "may", "might", "can", "could", "should",
    "must", "yes", "mr", "ms", "mrs", "dr", "january", "february", "march", "april", "june", "july",
    "august", "september", "october", "november", "december", "monday", "tuesday", "wednesday", "thursday",
    "friday", "saturday", "sunday", "early", "late", "mid", "first", "second", "third", "fourth", "only",
    "even", "still", "such", "same", "new", "about", "around", "roughly", "nearly", "up", "than", "between",
    "among", "against", "within", "sources", "reports", "reporting", "media", "officials", "analysts",
    "overall", "total", "meanwhile", "earlier", "later", "today", "neither", "either", "nor", "per", "via",
    "due", "despite", "instead", "rather", "unlike", "like", "through", "across", "so", "yet", "once",
    "whether", "including", "based", "given", "published", "full", "half", "last", "next", "every",
    "chinese-made", "q1", "q2", "q3", "q4", "h1", "h2", "fy", "chips", "chip",
])  # fmt: skip
# Spellings of one thing, lower case.
SPELLINGS: tuple[tuple[str, ...], ...] = (
    ("us", "u.s.", "usa", "united states", "america", "american", "americans", "washington", "美国", "美", "美方", "华盛顿"),
    ("china", "chinese", "prc", "beijing", "mainland", "中国", "中方", "中", "国产", "北京"),
    ("taiwan", "taiwanese", "taipei", "台湾", "台"), ("hong kong", "香港", "港"),
    ("japan", "japanese", "tokyo", "日本", "日"), ("south korea", "korea", "korean", "seoul", "韩国", "韩"),
    ("netherlands", "dutch", "the hague", "荷兰", "荷"), ("germany", "german", "德国"), ("france", "french", "法国"),
    ("uk", "u.k.", "britain", "british", "united kingdom", "london", "英国", "伦敦"), ("eu", "european union", "欧盟"),
    ("europe", "european", "europeans", "欧洲"), ("india", "indian", "印度"), ("russia", "russian", "俄罗斯"),
    ("malaysia", "malaysian", "马来西亚"), ("singapore", "singaporean", "新加坡"), ("asia", "asian", "亚洲"),
    ("geneva", "日内瓦"), ("shanghai", "上海"), ("shenzhen", "深圳"), ("hangzhou", "杭州"), ("trump", "特朗普", "川普"),
    ("guangdong", "广东"), ("xi", "xi jinping", "习近平"), ("huawei", "华为"), ("nvidia", "英伟达"), ("tsmc", "台积电"),
    ("smic", "中芯国际", "中芯"), ("reuters", "路透社", "路透"), ("bloomberg", "彭博社", "彭博"), ("samsung", "三星"),
    ("financial times", "ft", "《金融时报》", "金融时报"), ("intel", "英特尔"), ("amd", "超威"), ("qualcomm", "高通"),
    ("asml", "阿斯麦"), ("micron", "美光"), ("microsoft", "微软"), ("amazon", "亚马逊"), ("google", "谷歌"), ("apple", "苹果"),
    ("south china morning post", "scmp", "《南华早报》", "南华早报"), ("new york times", "纽约时报"), ("wall street journal", "wsj", "华尔街日报"),
    ("goldman sachs", "高盛"), ("morgan stanley", "摩根士丹利"), ("jpmorgan", "摩根大通"), ("deepseek", "深度求索"),
    ("alibaba", "阿里巴巴", "阿里"), ("tencent", "腾讯"), ("bytedance", "字节跳动"), ("baidu", "百度"), ("cambricon", "寒武纪"),
    ("ministry of commerce", "mofcom", "commerce ministry", "商务部"), ("commerce department", "department of commerce", "美国商务部"),
    ("jensen huang", "黄仁勋"), ("bis", "bureau of industry and security", "工业与安全局"), ("ascend", "昇腾"),
    ("xinhua", "新华社"), ("nikkei", "日经"), ("white house", "白宫"), ("congress", "国会"),
)  # fmt: skip
KNOWN_WORDS = frozenset(word for group in SPELLINGS for word in group if word.isascii() and " " not in word)
