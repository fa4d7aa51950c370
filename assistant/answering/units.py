"""Scales, currencies and units of written numbers, in English and Chinese."""

import re

SCALES = {
    "dozen": 12.0, "hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "k": 1e3, "mn": 1e6, "mln": 1e6,
    "m": 1e6, "bn": 1e9, "b": 1e9, "tn": 1e12, "trn": 1e12, "t": 1e12, "百": 1e2, "千": 1e3, "万": 1e4, "百万": 1e6,
    "千万": 1e7, "亿": 1e8, "十亿": 1e9, "百亿": 1e10, "千亿": 1e11, "万亿": 1e12, "萬": 1e4, "億": 1e8, "萬億": 1e12,
    "兆": 1e12,
}  # fmt: skip
CURRENCY = {
    "US$": "USD", "$": "USD", "USD": "USD", "HK$": "HKD", "HKD": "HKD", "NT$": "TWD", "TWD": "TWD", "€": "EUR",
    "EUR": "EUR", "£": "GBP", "¥": "CNY", "￥": "CNY", "RMB": "CNY", "CNY": "CNY", "人民币": "CNY",
}  # fmt: skip
# (pattern, canonical unit, factor); the first that fits wins, so longer spellings come first.
UNITS: tuple[tuple[str, str, float], ...] = (
    (r"percentage[ -]points?|points?(?= (?:more|less|fewer|higher|lower|above|below|up|down)\b)|-point(?![A-Za-z0-9])|个百分点|個百分點", "points", 1),
    (r"basis points?|个基点", "points", 0.01),
    (r"percent|per cent|pct|%|％", "%", 1),
    (r"US cents?|cents?", "USD", 0.01),
    (r"US dollars?|U\.S\. dollars?|dollars?|USD|美元|美金", "USD", 1),
    (r"Hong Kong dollars?|HKD|港元|港币|港幣", "HKD", 1),
    (r"Taiwan dollars?|新台币|新臺幣", "TWD", 1),
    (r"euros?|EUR|欧元|歐元", "EUR", 1),
    (r"Japanese yen|yen|日元|日圆", "JPY", 1),
    (r"won|韩元", "KRW", 1),
    (r"pounds? sterling|pounds?|英镑", "GBP", 1),
    (r"Chinese yuan|yuan|renminbi|RMB|CNY|元人民币|人民币|块钱|元(?!件|素)", "CNY", 1),
    (r"[- ]?(?:nm|nanomet(?:er|re)s?)(?![A-Za-z0-9])|纳米|奈米", "nm", 1),
    (r"TB/s|terabytes per second", "B/s", 1e12), (r"GB/s|gigabytes per second", "B/s", 1e9),
    (r"Tbps|Tb/s", "b/s", 1e12), (r"Gbps|Gb/s", "b/s", 1e9),
    (r"PB(?![A-Za-z0-9])|petabytes?", "B", 1e15), (r"TB(?![A-Za-z0-9])|terabytes?", "B", 1e12), (r"GB(?![A-Za-z0-9])|gigabytes?", "B", 1e9),
    (r"MB(?![A-Za-z0-9])|megabytes?", "B", 1e6),
    (r"(?:ZFLOPS|zettaflops)(?![A-Za-z0-9])", "FLOPS", 1e21), (r"(?:EFLOPS|exaflops?|EFlops)(?![A-Za-z0-9])", "FLOPS", 1e18),
    (r"(?:PFLOPS|petaflops?|PFlops)(?![A-Za-z0-9])", "FLOPS", 1e15), (r"(?:TFLOPS|teraflops?|TFlops)(?![A-Za-z0-9])", "FLOPS", 1e12),
    (r"TOPS(?![A-Za-z0-9])", "OPS", 1e12),
    (r"(?:GWh|gigawatt-hours?)(?![A-Za-z0-9])", "Wh", 1e9), (r"(?:MWh|megawatt-hours?)(?![A-Za-z0-9])", "Wh", 1e6),
    (r"(?:kWh|kilowatt-hours?)(?![A-Za-z0-9])|千瓦时|度电", "Wh", 1e3),
    (r"(?:GW|gigawatts?)(?![A-Za-z0-9])|吉瓦", "W", 1e9), (r"(?:MW|megawatts?)(?![A-Za-z0-9])|兆瓦", "W", 1e6), (r"(?:kW|kilowatts?)(?![A-Za-z0-9])|千瓦", "W", 1e3),
    (r"watts?(?![A-Za-z0-9])|W(?![A-Za-z0-9])|瓦", "W", 1),
    (r"[- ]?decades?(?![A-Za-z0-9])", "month", 120),
    (r"[- ]?years?(?![A-Za-z0-9])|年(?!代|级)", "month", 12), (r"[- ]?months?(?![A-Za-z0-9])|个月|個月", "month", 1),
    (r"[- ]?weeks?(?![A-Za-z0-9])|周|星期", "day", 7), (r"[- ]?days?(?![A-Za-z0-9])|天|日(?!本|元)", "day", 1),
    (r"[- ]?hours?(?![A-Za-z0-9])|小时|课时|学时", "hour", 1), (r"[- ]?minutes?(?![A-Za-z0-9])|分钟", "minute", 1),
    (r"times(?![A-Za-z0-9])|-?fold(?![A-Za-z0-9])|[x×](?![a-z])|倍", "times", 1),
    (r"metric tons?|tonnes?|tons?(?![A-Za-z0-9])|吨", "tonne", 1),
    (r"(?:-| )?inch(?:es)?(?![A-Za-z0-9])|英寸|寸", "inch", 1),
    (r"km(?![A-Za-z0-9])|kilomet(?:er|re)s?|公里", "km", 1),
    (r"square met(?:er|re)s?|平方米", "m2", 1),
    (r"[- ]?bits?(?![A-Za-z0-9/])|比特|位(?=浮|整|精|数据|运算|格式|计算|处理)", "bit", 1),
    (r"[- ]?cores?(?![A-Za-z0-9])|个(?:处理器)?核心|核(?!心|实|查|准|电|能)", "core", 1),
    (r"成(?!立|为|本|员|果|交|都|熟|功|长|绩|分|熟)", "%", 10),
    (r"家|个|名|人|颗|枚|片|块|台|项|款|座|所|次|种|条|份|位|只|张|套|部|类|轮|期|辆|间|处|件|支|届", "", 1),
)  # fmt: skip
UNIT = re.compile("|".join(f"(?P<u{i}>{pattern})" for i, (pattern, _, _) in enumerate(UNITS)))
