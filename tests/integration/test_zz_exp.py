import time
from kafka import KafkaProducer
from kit import CODEC
from integration.stories import *
from workers import folded
def test_tx(newsroom):
    p=KafkaProducer(bootstrap_servers=newsroom.bootstrap, transactional_id="t1")
    p.init_transactions()
    for n,abort in ((0,False),(1,True)):
        p.begin_transaction()
        for e in Story(id=f"tx-{n}").events():
            enc=CODEC.encode(e); p.send(newsroom.topics.articles,key=e.article_id.encode(),value=enc.value,headers=enc.headers)
        p.abort_transaction() if abort else p.commit_transaction()
    p.close()
    print(newsroom.ends())
    with newsroom.loop() as loop:
        for _ in range(10): print(loop.run_once(0.3).records, {k:v for k,v in newsroom.look(lambda s: s.ledger.positions()).items() if v})
