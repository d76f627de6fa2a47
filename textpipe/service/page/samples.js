// Texts to try, written for this page.

export const SAMPLES = [
  { lang: "zh-Hans", name: "城市图书馆", text: `市图书馆的新馆上周开放。新馆分四层，阅览座位比旧馆多了一倍，自习室从早晨七点开到夜里十点。馆员介绍，读者用手机就能预约座位，借书和还书都由自助机器完成，一本书从归还到重新上架平均只要二十分钟。

图书馆还与附近的六所学校合作，每周二下午为学生开设阅读课。老师把课堂搬进阅览室，学生自己查目录、找书、写读书笔记。参加过课程的学生说，在图书馆里读书比在教室里安静，也更容易找到感兴趣的书。

新馆的预算并不宽裕。设计师保留了旧厂房的钢梁和砖墙，只在屋顶加开天窗，让阅览室白天几乎不用开灯。市民对这座图书馆的评价很高，周末的预约常常在几分钟内就满了。` },
  { lang: "zh-Hans", name: "决赛", text: `昨晚的决赛踢满了一百二十分钟。主队在上半场先进一球，客队在比赛结束前三分钟由替补前锋头球扳平。加时赛双方都没有进球，最后主队的门将扑出两个点球，球队时隔九年再次夺得冠军。主教练赛后说，队员们的体能训练从冬天就开始了，这座奖杯属于每一个早起跑步的球员。` },
  { lang: "en", name: "Word vectors", text: `Word vectors turn the words of a language into points in space. A small network reads a large corpus and learns to predict which words stand near each other; words that are used alike end up near one another. Training takes minutes on one computer, and the vectors serve many tasks: search, classification, clustering of documents.

The choices that matter are few. A larger corpus helps more than a larger network. The size of the context window decides what the vectors hold: narrow windows bring words of the same kind together, wide windows bring together words of the same topic. Rare words need subword vectors, built from character n-grams, or they are placed almost by chance.

Good evaluation is harder than training. Similarity judgements by people and analogy questions are the usual tests, yet a model that does well on them may still serve a classifier badly. The honest test is the task itself.` },
];
