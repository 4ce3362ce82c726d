"""Fine-tuning a transformer, or training a BiLSTM, to a checkpoint folder.

Start reading at ``run.train``. Only ``settings`` may be imported without paying for torch.
"""
