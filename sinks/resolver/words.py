"""What the page says, in each of its languages."""

from collections.abc import Mapping
from typing import Final

_ENGLISH: Final = {
    "genuine": "Genuine",
    "genuine.about": "This code was issued by {name}.",
    "recalled": "Recalled",
    "recalled.about": "{name} has called this item back.",
    "void": "Not valid",
    "void.about": "{name} has declared this code invalid.",
    "unknown": "Unknown",
    "unknown.about": "This code was never issued.",
    "forged": "Not genuine",
    "forged.about": "Nobody who issues codes here has made this one.",
    "mistyped": "Mistyped",
    "mistyped.about": "These characters cannot be a code. Compare them with the label, or scan it again.",
    "limited": "Too many attempts",
    "limited.about": "Try again in {seconds} seconds.",
    "unavailable": "Cannot be checked now",
    "unavailable.about": "The archive does not answer. This says nothing about the item: try again in a minute.",
    "somebody": "the manufacturer",
    "product": "Product",
    "enterprise": "Enterprise",
    "claimed": "The label names",
    "made": "Made on",
    "minted": "Code issued on",
    "voided": "Not valid since",
    "reason": "Reason",
    "disposition": "Condition",
    "warranty": "Warranty",
    "warranty.since": "since {since}",
    "warranty.until": "{since} to\n{until}",
    "code": "Code",
    "recall": "Recall",
    "recall.none": "No recall is known.",
    "recall.since": "Recalled on {since}. Stop using the item and ask the seller or {name} what to do.",
    "recall.unavailable": "Whether it is recalled cannot be checked now. Try again in a minute.",
    "certificate": "Certificate",
    "certificate.text": "The code's check part was made with the key of {name} and was checked just now.",
    "doubt": "What to do",
    "doubt.1": "Do not use or buy the item.",
    "doubt.2": "Keep the item, the label and the receipt, and take a photo.",
    "doubt.3": "Tell the seller and {name}. In China, call 12315 (market regulation).",
    "doubt.4": "The code may have been typed wrongly: scan the label again to be sure.",
    "other": "中文",
}
_CHINESE: Final = {
    "genuine": "正品",
    "genuine.about": "此码由{name}签发。",
    "recalled": "已召回",
    "recalled.about": "{name}已召回此产品。",
    "void": "已作废",
    "void.about": "{name}已声明此码作废。",
    "unknown": "未知",
    "unknown.about": "此码从未签发。",
    "forged": "非正品",
    "forged.about": "此码并非由本平台的任何企业签发。",
    "mistyped": "输入有误",
    "mistyped.about": "这些字符不可能是一个码。请与标签核对，或重新扫码。",
    "limited": "查询过于频繁",
    "limited.about": "请在 {seconds} 秒后重试。",
    "unavailable": "暂时无法查验",
    "unavailable.about": "档案库没有应答。这与产品真伪无关，请一分钟后重试。",
    "somebody": "生产企业",
    "product": "产品",
    "enterprise": "企业",
    "claimed": "标签所示企业",
    "made": "生产日期",
    "minted": "签发日期",
    "voided": "作废日期",
    "reason": "原因",
    "disposition": "状态",
    "warranty": "质保",
    "warranty.since": "自 {since} 起",
    "warranty.until": "{since} 至\n{until}",
    "code": "编码",
    "recall": "召回",
    "recall.none": "没有召回记录。",
    "recall.since": "已于 {since} 召回。请停止使用，并向销售方或{name}咨询处理办法。",
    "recall.unavailable": "暂时无法查询召回情况，请一分钟后重试。",
    "certificate": "证明",
    "certificate.text": "此码的校验部分由{name}的密钥生成，刚刚通过验证。",
    "doubt": "怎么办",
    "doubt.1": "请勿使用或购买此产品。",
    "doubt.2": "请保留产品、标签和购物凭证，并拍照留存。",
    "doubt.3": "请告知销售方和{name}，也可拨打 12315（市场监管）投诉举报。",
    "doubt.4": "也可能是输入有误：请重新扫描标签确认。",
    "other": "English",
    "active": "正常",
    "conformant": "合格",
    "damaged": "已损坏",
    "destroyed": "已销毁",
    "disposed": "已处置",
    "expired": "已过期",
    "in_progress": "流转中",
    "in_transit": "运输中",
    "non_conformant": "不合格",
    "retail_sold": "已售出",
    "returned": "已退回",
    "sellable_accessible": "在售",
    "sellable_not_accessible": "待售",
    "stolen": "被盗",
}


class Words:
    """The words of one language."""

    def __init__(self, language: str, words: Mapping[str, str]) -> None:
        self.language = language
        self._words = words

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key, with what stands in its braces filled in. KeyError if there is none."""
        return self._words[key].format(**values)

    def disposition(self, word: str) -> str:
        """A word of the Core Business Vocabulary, in the language if its dictionary has it."""
        return self._words.get(word, word.replace("_", " "))


LANGUAGES: Final = {"en": Words("en", _ENGLISH), "zh": Words("zh", _CHINESE)}


def preferred(accepted: str) -> str:
    """The language that a browser wants: the first of its `Accept-Language` that there is, else English."""
    for wish in accepted.split(","):
        language = wish.split(";")[0].strip().lower()[:2]
        if language in LANGUAGES:
            return language
    return "en"
