"""How the recipe of `forecast_learner` and the ladder was chosen: one thing changed at a time, ConvGRU, 30 seconds of one core each, judged on validation clips.

    OMP_NUM_THREADS=1 python benchmarks/recipe.py          # about 5 minutes; writes benchmarks/recipe.json"""
import json
from fastai.vision.all import *
from torch.optim.swa_utils import AveragedModel,get_ema_multi_avg_fn
from moving_mnist_nbdev.all import *

class EMA(Callback):
    "Judge a moving average of the weights instead of the last ones"
    order = Budget.order-1
    def __init__(self, decay): self.decay = decay
    def before_fit(self): self.average = AveragedModel(self.learn.model, multi_avg_fn=get_ema_multi_avg_fn(self.decay))
    def after_batch(self):
        if self.training: self.average.update_parameters(self.learn.model)
    def after_fit(self): self.learn.model = self.average.module

def fit(seconds, bs=4, lr=5e-3, fit='fit_one_cycle', ema=None, seed=0):
    set_seed(seed)
    dls = get_dls(10, 10, 1_000_000, bs, valid_pct=256/1_000_000, stats=None, device='cpu', seed=seed)
    budget = Budget(seconds)
    learn = forecast_learner(dls, ConvGRU(10), cbs=[budget, GradientClip(1.), *([EMA(ema)] if ema else [])])
    with learn.no_logging(), learn.no_bar(): getattr(learn, fit)(1, lr)
    return dict(mse=round(evaluate(learn.model, dls.valid, dict(mse=frame_mse))['mse'].mean().item(), 1), steps=budget.steps, clips=budget.steps*bs)

trials = {
    'batch 4, learning rate 5e-3, one cycle': {},
    'the same with another seed': dict(seed=1),
    'batch 8': dict(bs=8),
    'learning rate 2e-3': dict(lr=2e-3),
    'learning rate 1e-2': dict(lr=1e-2),
    'flat, then cosine': dict(fit='fit_flat_cos'),
    'average of the weights, decay .99': dict(ema=.99)}

if __name__=='__main__':
    torch.set_num_threads(1)
    seconds,res = 30,{}
    for name,kwargs in trials.items():
        res[name] = fit(seconds, **kwargs)
        print(f'{name:75}', res[name], flush=True)
    where = provenance()
    (Path(__file__).parent/'recipe.json').write_text(json.dumps(dict(seconds=seconds, clock='cpu', **where, trials=res), indent=1)+'\n')
